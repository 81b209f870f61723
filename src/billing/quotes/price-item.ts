import {
  chooseOption,
  type Coupon,
  type Plan,
  pricedFor,
  priceOptions,
  priceUses,
  type PriceOption,
  setupFee,
  trialEnd,
} from '#catalog';
import type { Profile } from '#profiles';
import type { Subscription } from '#subscriptions';
import { describePeriodOption, describeTrial } from './describe-periods.ts';
import { beginsWithTrial, itemQuantity } from './item-offer.ts';
import type { CartItem, Line, Seat } from '../records/index.ts';

interface ItemFacts {
  item: CartItem;
  plan: Plan;
  coupon: Coupon | null;
  subscription: Subscription | null;
  /** True if the beneficiary never subscribed to the plan: the setup fee is due. */
  is_first: boolean;
  /** True if a trial of the plan begins: the beneficiary pays for itself and never had the plan. */
  has_trial: boolean;
  /** True if the beneficiary never took the free entry of the provider. A person without an account takes none. */
  may_enter_free: boolean;
  beneficiary: Profile | null;
  seat: Seat | null;
  payer: Profile;
  at: Date;
}

/**
 * Prices one item of a cart: its lines, and its options while the buyer has not chosen one.
 *
 * Uses on a running subscription are bought alone; otherwise the plan is bought with them. A running subscription is
 * extended in its quantity: a change of it is a change of the plan.
 * @see docs/spec/billing.md 3.5 and 3.7
 */
export function priceItem(facts: ItemFacts): { lines: Line[]; options: Line[] } {
  const { item, plan, subscription } = facts;
  const use = plan.use_charges.find((each) => each.id === item.use_charge_id) ?? null;
  const uses = use === null ? [] : [useLine(facts, use)];
  if (use !== null && subscription !== null) return { lines: uses, options: [] };
  const from = subscription?.ends_at ?? facts.at;
  const quantity = subscription?.quantity ?? itemQuantity(item, plan);
  const options = priceOptions(pricedFor(plan, quantity), {
    coupon: facts.coupon,
    from,
    ...(subscription === null ? {} : { anchor: subscription.anchor_at }),
  }).filter(({ kind }) => facts.may_enter_free || kind !== 'unlock-later');
  const fee = facts.is_first ? setupFee(plan) : null;
  const [first] = options;
  if (facts.has_trial && first && beginsWithTrial(item, first))
    return { lines: [{ ...trialLine(facts, first, fee?.amount ?? 0), quantity }, ...uses], options: [] };
  const setup = fee === null ? [] : [{ ...baseLine(facts), kind: 'setup' as const, ...fee }];
  const chosen = chooseOption(options, item.option);
  if (chosen !== null) return { lines: [{ ...periodLine(facts, chosen), quantity }, ...setup, ...uses], options: [] };
  return { lines: [...setup, ...uses], options: options.map((option) => ({ ...periodLine(facts, option), quantity })) };
}

function periodLine(facts: ItemFacts, option: PriceOption): Line {
  return {
    ...baseLine(facts),
    kind: 'period',
    amount: option.amount,
    unit: option.unit,
    option,
    coupon: option.coupon,
    ...describePeriodOption(facts.plan, option, { beneficiary: beneficiaryNames(facts) }),
  };
}

function trialLine(facts: ItemFacts, first: PriceOption, setup_amount: number): Line {
  const { plan, at } = facts;
  const covers_to = trialEnd(at, plan.trial_days);
  const trial = { days: plan.trial_days, covers_from: at, covers_to, amount: first.amount, setup_amount };
  return {
    ...baseLine(facts),
    kind: 'trial',
    amount: 0,
    coupon: first.coupon,
    description: describeTrial(plan, trial),
    trial,
  };
}

function useLine(facts: ItemFacts, use: Plan['use_charges'][number]): Line {
  const priced = priceUses(facts.plan, use, facts.item.quantity);
  return { ...baseLine(facts), kind: 'use', ...priced, use };
}

function baseLine({ plan, item }: ItemFacts): Omit<Line, 'kind' | 'amount' | 'description'> {
  return {
    unit: plan.unit,
    provider_id: plan.profile_id,
    broker_fee_percent: plan.broker_fee_percent,
    quantity: 1,
    option: null,
    use: null,
    coupon: null,
    item,
    entry_id: null,
    subject: null,
  };
}

function beneficiaryNames({
  item,
  beneficiary,
  payer,
  seat,
}: ItemFacts): { full_name: string; sync_on: string } | null {
  if (beneficiary === null) return seat && { full_name: seat.full_name || seat.email, sync_on: seat.email };
  if (beneficiary.id === payer.id || item.sync_on === null) return null;
  return { full_name: item.full_name || beneficiary.full_name || beneficiary.slug, sync_on: item.sync_on };
}
