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
}

/** Computes the offer of an item. Pure. `coupon` applies at `at`, or is null. */
export function offerItem(
  item: CartItem,
  plan: Plan,
  coupon: Coupon | null,
  at: Date,
  prepaid: OrderLine[] | null = null,
): ItemOffer {
  if (prepaid !== null) return { item, plan, coupon: null, use: null, quantity: 1, options: [], prepaid };
  const quantity = itemQuantity(item, plan);
  const use = plan.use_charges.find((each) => each.id === item.use_charge_id) ?? null;
  const options = priceOptions(pricedFor(plan, quantity), { coupon, from: at });
  return { item, plan, coupon, use, quantity, options, prepaid };
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
 * Builds the shown line of an offer: every price and term that a response shows. The caller sets `due`.
 * `held_quantity`: that of the running subscription, which the order extends, where it differs.
 */
export function buildShownItem(
  { item, plan, coupon, use, quantity, options, prepaid }: ItemOffer,
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
    due: null,
    coupon_id: coupon?.id ?? null,
    coupon_ends_at: coupon?.ends_at ?? null,
  };
}

/** Returns one sentence with every price of the offer. */
export function describeOffer({ item, plan, coupon, use, quantity, options, prepaid }: ItemOffer): string {
  if (prepaid !== null) {
    const times = prepaid.flatMap(({ periods_count, period_type }) =>
      period_type === null ? [] : [` for ${periods_count} ${periodNoun(period_type, periods_count)}`],
    );
    const payer = item.full_name === '' ? '' : ` by ${item.full_name}`;
    return `${plan.title} is in your cart, paid${payer}${times.join('')}.`;
  }
  const chosen = options[item.option - 1];
  const prices = (chosen ? [chosen] : options).map((option) => {
    const periods = `${option.periods_count} ${periodNoun(plan.period_type, option.periods_count)}`;
    return `${formatMoney(option)} for ${quantity === 1 ? '' : `${quantity} seats and `}${periods}`;
  });
  const setup = setupFee(plan);
  const uses = use === null ? null : priceUses(plan, use, item.quantity);
  const parts = [
    prices.join(' or '),
    ...(setup === null ? [] : [`${formatMoney(setup)} once for a first subscription`]),
    ...(uses === null || use === null ? [] : [`${formatMoney(uses)} for ${uses.quantity} ${use.title}`]),
  ];
  const code = coupon === null ? '' : ` (code: ${coupon.code})`;
  return `${plan.title} is in your cart: ${parts.join(', plus ')}${code}.`;
}
