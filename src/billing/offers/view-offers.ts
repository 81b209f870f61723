import { type Plan, priceOptions, presentOffer, splitDescription } from '#catalog';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import type { ProfileSummary } from '#profiles';
import type { HeldPlan } from '#subscriptions';
import type { CouponOffer } from './offer-plans.ts';
import type { PeriodSwitch, PricedPlan } from './page-types.ts';
import { findYearlyPrice, findYearlyTwins, twinReductionBps } from './yearly-price.ts';

/** Plans shown as cards when there are more than `CARDS_MAX`. */
const FEATURED_COUNT = 3;
/** Up to this number, all plans are cards. */
const CARDS_MAX = 4;

export interface OfferFacts {
  providers: ReadonlyMap<ProfileId, ProfileSummary>;
  held: ReadonlyMap<PlanId, HeldPlan>;
  at: Date;
  is_yearly: boolean;
  next: string | null;
  /** Whether the reader manages the provider of a plan. */
  mayEdit: (plan: Plan) => boolean;
}

/** Presents the offers of the pricing page, monthly or yearly: first those with a price. Pure. */
export function viewOffers(
  offers: readonly CouponOffer[],
  facts: OfferFacts,
): { plan_list: PricedPlan[]; period: PeriodSwitch | null } {
  const twins = findYearlyTwins(offers.map(({ plan }) => plan));
  const yearly_only = new Set(twins.values());
  const shown = offers.filter(({ plan }) => !(facts.is_yearly ? twins.has(plan) : yearly_only.has(plan)));
  const sorted = [
    ...shown.filter(({ plan }) => !plan.is_not_priced),
    ...shown.filter(({ plan }) => plan.is_not_priced),
  ];
  const cards_count = sorted.length <= CARDS_MAX ? sorted.length : FEATURED_COUNT;
  const reductions = [
    ...offers.flatMap(({ plan }) => findYearlyPrice(plan, facts.at)?.reduction_bps ?? []),
    ...[...twins].map(([monthly, yearly]) => twinReductionBps(monthly, yearly)),
  ];
  return {
    plan_list: sorted.map((offer, index) => viewOffer(offer, facts, index < cards_count)),
    period:
      reductions.length === 0
        ? null
        : {
            is_yearly: facts.is_yearly,
            monthly_url: paths.pricing(facts.next),
            yearly_url: paths.pricing(facts.next, 'yearly'),
            // Whole percents, rounded down: prices are rounded to whole units.
            reduction_bps: Math.floor(Math.max(...reductions) / 100) * 100,
          },
  };
}

function viewOffer(offer: CouponOffer, facts: OfferFacts, is_card: boolean): PricedPlan {
  const { plan, coupon } = offer;
  const yearly = findYearlyPrice(plan, facts.at);
  const chosen = facts.is_yearly && yearly !== null ? yearly : null;
  const options = priceOptions(plan, { coupon, from: facts.at });
  const priced = chosen && options[chosen.option - 1];
  const held = facts.held.get(plan.id);
  const { lead, features } = splitDescription(plan.description);
  return {
    ...presentOffer(offer, facts.providers.get(plan.profile_id)),
    price: {
      amount: priced ? priced.amount : offer.discounted_period_amount,
      full_amount: priced ? priced.full_amount : plan.period_amount,
      periods_count: priced?.periods_count ?? null,
      option: chosen?.option ?? null,
    },
    yearly: yearly && chosen === null ? viewYearly(yearly.priced) : null,
    held: held ? { ends_at: held.ends_at, href: paths.history(held.profile) } : null,
    edit_url: facts.mayEdit(plan)
      ? paths.editInPlace(plan.slug, facts.next, facts.is_yearly ? 'yearly' : undefined)
      : null,
    is_card,
    lead,
    features,
  };
}

/** `month_amount` is the price of one month, when it is a whole number of 1/100. */
function viewYearly({ amount, periods_count }: { amount: number; periods_count: number }) {
  return { amount, periods_count, month_amount: amount % periods_count === 0 ? amount / periods_count : null };
}
