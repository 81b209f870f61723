import {
  type Coupon,
  type Plan,
  pricedFor,
  priceOptions,
  type PriceOption,
  priceUses,
  refuseCoupon,
  setupFee,
  soldQuantity,
  type UseCharge,
} from '#catalog';
import { formatMoney } from '#kernel/money';
import { periodNoun } from '#kernel/period';
import type { CouponId } from '#platform/db/db-schema';
import { type CartItem, type OrderLine, itemKey, type ShownLine } from '../records/index.ts';

/** Cart item with its prices, independent of the payer and of an existing subscription. */
export interface ItemOffer {
  item: CartItem;
  plan: Plan;
  coupon: Coupon | null;
  use: UseCharge | null;
  /** Quantity of the plan that is bought; uses have a quantity of their own. */
  quantity: number;
  options: PriceOption[];
  /** Paid order lines of a claimed seat; null for other items. */
  prepaid: OrderLine[] | null;
  /** The trial that begins, with what is due at its end; null without one. */
  trial: { days: number; amount: number; setup_amount: number } | null;
}

/** Facts of an offer that are not members of its item. */
export interface OfferTerms {
  prepaid?: OrderLine[] | undefined;
  /** True if the plan begins with a trial for the owner of the cart. */
  has_trial?: boolean;
}

/** Computes the offer of an item. Pure. `coupon` applies at `at`, or is null. */
export function offerItem(
  item: CartItem,
  plan: Plan,
  coupon: Coupon | null,
  at: Date,
  { prepaid, has_trial = false }: OfferTerms = {},
): ItemOffer {
  if (prepaid) return { item, plan, coupon: null, use: null, quantity: 1, options: [], prepaid, trial: null };
  const quantity = itemQuantity(item, plan);
  const use = plan.use_charges.find((each) => each.id === item.use_charge_id) ?? null;
  const options = priceOptions(pricedFor(plan, quantity), { coupon, from: at });
  const [first] = options;
  const trial = has_trial && first && beginsWithTrial(item, first) && item.sync_on === null ? first : null;
  return {
    item,
    plan,
    coupon,
    use,
    quantity,
    options,
    prepaid: null,
    trial: trial && { days: plan.trial_days, amount: trial.amount, setup_amount: setupFee(plan)?.amount ?? 0 },
  };
}

/** True if an item takes the first option: a buyer who pays several periods in advance begins without a trial. Pure. */
export function beginsWithTrial({ option }: Pick<CartItem, 'option'>, first: PriceOption): boolean {
  return first.kind === 'period' && option <= 1;
}

/** Returns the quantity of the plan that an item buys; the quantity of an item with uses is that of its uses. Pure. */
export function itemQuantity({ use_charge_id, quantity }: CartItem, plan: Plan): number {
  return soldQuantity(plan, use_charge_id === null ? quantity : 0);
}

/**
 * Returns the coupon of an item if it applies at `at`, otherwise null.
 *
 * A coupon that ended after `shown` was shown with it still applies, if its `ends_at` is unchanged. If the provider
 * changed `ends_at` since then, it does not apply.
 * @see docs/spec/billing.md 4.3
 */
export function resolveCoupon(
  item: CartItem,
  plan: Plan,
  coupons: ReadonlyMap<CouponId, Coupon>,
  at: Date,
  shown?: ShownLine,
): Coupon | null {
  const coupon = item.coupon_id === null ? undefined : coupons.get(item.coupon_id);
  if (!coupon) return null;
  const ended = coupon.ends_at !== null && coupon.ends_at <= at;
  const keepsCoupon =
    ended && shown?.coupon_id === coupon.id && shown.coupon_ends_at?.getTime() === coupon.ends_at?.getTime();
  const evaluated_at = keepsCoupon && coupon.ends_at ? new Date(coupon.ends_at.getTime() - 1) : at;
  return refuseCoupon(coupon, plan, evaluated_at) === null ? coupon : null;
}

/**
 * Builds the shown line of an offer: every price and term that a response shows. `due` is what a trial leaves to pay;
 * null for other items, for which the caller sets it.
 * `held_quantity`: that of the running subscription, which the order extends, where it differs.
 */
export function buildShownItem(
  { item, plan, coupon, use, quantity, options, prepaid, trial }: ItemOffer,
  held_quantity = quantity,
): ShownLine {
  if (prepaid !== null) {
    const offer = JSON.stringify({ claim: item.claim_id, plan: plan.id });
    return { key: itemKey(item.id), offer, due: null, coupon_id: null, coupon_ends_at: null };
  }
  const offer = {
    plan: plan.id,
    unit: plan.unit,
    period: [plan.period_length, plan.period_type],
    option: item.option,
    options: options.map(({ kind, periods_count, amount, discounts }) => [kind, periods_count, amount, discounts]),
    setup: plan.setup_amount,
    use: use === null ? null : [use.id, priceUses(plan, use, item.quantity).quantity, use.use_amount],
    coupon: coupon?.code ?? null,
    sync_on: item.sync_on?.toLowerCase() ?? null,
    ...(quantity === 1 ? {} : { quantity }),
    ...(held_quantity === quantity ? {} : { held_quantity }),
  };
  return {
    key: itemKey(item.id),
    offer: JSON.stringify(offer),
    due: trial && dueText(false, [{ kind: 'trial', amount: 0, trial }, ...useParts(plan, use, item)]),
    coupon_id: coupon?.id ?? null,
    coupon_ends_at: coupon?.ends_at ?? null,
  };
}

/** A line of an order as far as a shown line names it. */
export interface DueLine {
  kind: string;
  amount: number;
  trial?: { amount: number; setup_amount: number };
}

/** Returns the text of what is due for one payer: whether periods are bought, and the fees, uses and trials. */
export function dueText(is_period_bought: boolean, others: readonly DueLine[]): string {
  return JSON.stringify([
    is_period_bought,
    others.map(({ kind, amount, trial }) => [kind, amount, ...(trial ? [trial.amount + trial.setup_amount] : [])]),
  ]);
}

function useParts(plan: Plan, use: UseCharge | null, { quantity }: CartItem): DueLine[] {
  return use === null ? [] : [{ kind: 'use', amount: priceUses(plan, use, quantity).amount }];
}

/** Returns one sentence with every price of the offer. */
export function describeOffer({ item, plan, coupon, use, quantity, options, prepaid, trial }: ItemOffer): string {
  if (prepaid !== null) {
    const times = prepaid.flatMap(({ periods_count, period_type, quantity: seats }) =>
      period_type === null
        ? []
        : [` for ${seats > 1 ? `${seats} seats and ` : ''}${periods_count} ${periodNoun(period_type, periods_count)}`],
    );
    const payer = item.full_name === '' ? '' : ` by ${item.full_name}`;
    return `${plan.title} is in your cart, paid${payer}${times.join('')}.`;
  }
  const chosen = trial ? options[0] : options[item.option - 1];
  const prices = (chosen ? [chosen] : options).map((option) => {
    const periods = `${option.periods_count} ${periodNoun(plan.period_type, option.periods_count)}`;
    return `${formatMoney(option)} for ${quantity === 1 ? '' : `${quantity} seats and `}${periods}`;
  });
  const setup = setupFee(plan);
  const uses = use === null ? null : priceUses(plan, use, item.quantity);
  const free =
    trial &&
    `${formatMoney({ amount: 0, unit: plan.unit })} now for ${trial.days} ${periodNoun('daily', trial.days)}, then `;
  const parts = [
    `${free ?? ''}${prices.join(' or ')}`,
    ...(setup === null ? [] : [`${formatMoney(setup)} once for a first subscription`]),
    ...(uses === null || use === null ? [] : [`${formatMoney(uses)} for ${uses.quantity} ${use.title}`]),
  ];
  const code = coupon === null ? '' : ` (code: ${coupon.code})`;
  return `${plan.title} is in your cart: ${parts.join(', plus ')}${code}.`;
}
