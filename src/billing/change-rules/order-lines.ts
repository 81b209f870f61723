import { type Coupon, type Plan, priceOptions, type PriceOption, refuseCoupon, setupFee } from '#catalog';
import { wholeAmount } from '#kernel/money';
import { endOfPeriods, periodContaining } from '#kernel/period';
import { type PlanPeriods, restPrice } from '#kernel/position';
import type { ChangeFacts, OrderedLine } from './change.ts';
import { describeRest, describeSeats, describeWhole, untilText } from './describe-change.ts';

const DAY_MS = 86_400_000;

/** True if renewals of a plan are ordered automatically. */
export function isRenewing({ renewal_type }: Pick<Plan, 'renewal_type'>): boolean {
  return renewal_type === 'auto-renew';
}

/** Returns the price options of a quantity of a plan. Percentages count on the product, an amount once per line. */
export function quantityOptions(
  plan: Plan,
  quantity: number,
  terms: { coupon: Coupon | null; from: Date; anchor?: Date },
): PriceOption[] {
  return priceOptions({ ...plan, period_amount: plan.period_amount * quantity }, terms);
}

/**
 * Returns the coupon if it is valid for the plan entered. Expiry and redemptions do not count: it was granted for this
 * period.
 */
export function goingOver(coupon: Coupon | null, to: Plan): Coupon | null {
  if (coupon === null) return null;
  return refuseCoupon({ ...coupon, ends_at: null, nb_attempts: null }, to, to.created_at) === null ? coupon : null;
}

interface Priced {
  lines: OrderedLine[];
  lost_discount: number;
}

/** Prices the rest of the running period; the next one too when its renewal would be due. */
export function restLines({ to, coupon, subscription }: ChangeFacts, quantity: number, at: Date): Priced {
  const { anchor_at } = subscription;
  const periods = periodsOf(to, anchor_at);
  const { start_at, ends_at } = periodContaining(anchor_at, to.period_type, to.period_length, at);
  const rest = (amount: number) => wholeAmount({ amount: restPrice(amount, periods, at), unit: to.unit });
  const priced = (with_coupon: Coupon | null) =>
    firstOption(quantityOptions(to, quantity, { coupon: with_coupon, from: start_at, anchor: anchor_at }));
  const valid = goingOver(coupon, to);
  const option = { ...priced(valid), covers_to: ends_at };
  const line = {
    ...optionLine(option, quantity, anchor_at),
    description: describeRest(to, option, quantity),
    amount: rest(option.amount),
    full_amount: rest(option.full_amount),
    covers_from: at,
  };
  const lost_discount = valid === coupon ? 0 : rest(option.full_amount) - rest(priced(coupon).amount);
  if (!isRenewing(to) || ends_at.getTime() - at.getTime() >= DAY_MS) return { lines: [line], lost_discount };
  const next = firstOption(quantityOptions(to, quantity, { coupon: null, from: ends_at, anchor: anchor_at }));
  const renewal = { ...optionLine(next, quantity, anchor_at), description: describeWhole(to, next, quantity) };
  return { lines: [line, renewal], lost_discount };
}

/** Prices an option of the plan entered from an instant on; null if there is no such option. */
export function wholeLines({ to, coupon }: ChangeFacts, quantity: number, number: number, from: Date): Priced | null {
  const valid = goingOver(coupon, to);
  const option = quantityOptions(to, quantity, { coupon: valid, from })[number - 1];
  if (!option) return null;
  const discounted = quantityOptions(to, quantity, { coupon, from })[number - 1];
  return {
    lines: [{ ...optionLine(option, quantity, from), description: describeWhole(to, option, quantity) }],
    lost_discount: valid === coupon ? 0 : option.amount - (discounted?.amount ?? 0),
  };
}

/** Returns the free line of a trial that goes on with the plan entered, with the price that is promised for its end. */
export function trialLine(facts: ChangeFacts, quantity: number, at: Date, ends_at: Date): OrderedLine {
  const { to, coupon } = facts;
  const valid = goingOver(coupon, to);
  const { amount } = firstOption(quantityOptions(to, quantity, { coupon: valid, from: ends_at }));
  const setup_amount = setupLines(facts).reduce((sum, line) => sum + line.amount, 0);
  const days = Math.max(1, Math.ceil((ends_at.getTime() - at.getTime()) / DAY_MS));
  return {
    ...freeLine(to, quantity, at, ends_at),
    coupon_id: valid?.id ?? null,
    promise: { days, amount, setup_amount },
    description: `Trial of ${to.slug} ${untilText(ends_at)}`,
    anchor_at: ends_at,
    is_trial: true,
  };
}

/** Returns the line of a change without money: the time that was paid goes over. */
export function freeLine(to: Plan, quantity: number, covers_from: Date, covers_to: Date): OrderedLine {
  return {
    kind: 'period',
    description: `Subscription to ${to.slug} ${untilText(covers_to)}`,
    amount: 0,
    unit: to.unit,
    covers_from,
    covers_to,
    order_number: null,
    full_amount: 0,
    recurring_amount: null,
    recurring_periods: null,
    quantity,
    coupon_id: null,
    anchor_at: null,
    is_trial: false,
  };
}

/** Returns the difference of the setup fees, for a subscriber who never had the plan. Setup fees are never credited. */
export function setupLines({ to, had_plan, setup_ordered }: ChangeFacts): OrderedLine[] {
  const fee = setupFee(to);
  const amount = fee === null || had_plan ? 0 : Math.max(0, fee.amount - setup_ordered);
  if (fee === null || amount === 0) return [];
  return [
    {
      kind: 'setup',
      description: fee.description,
      amount,
      unit: fee.unit,
      covers_from: null,
      covers_to: null,
      order_number: null,
      full_amount: amount,
      recurring_amount: null,
      recurring_periods: null,
      quantity: 1,
      coupon_id: null,
      anchor_at: null,
      is_trial: false,
    },
  ];
}

/**
 * Returns the lines of added seats: the rest of the running period, and the periods that are paid after it. `is_whole`
 * charges the running period in full.
 */
export function seatLines(
  { to, subscription, lines }: ChangeFacts,
  seats: number,
  { at, is_whole }: { at: Date; is_whole: boolean },
): OrderedLine[] {
  const { anchor_at } = subscription;
  const price = to.period_amount * seats;
  const { ends_at } = periodContaining(anchor_at, to.period_type, to.period_length, at);
  const rest = is_whole ? price : restPrice(price, periodsOf(to, anchor_at), at);
  const paid_until = Math.max(...lines.flatMap(({ coverages }) => coverages.map((each) => each.ends_at.getTime())), 0);
  const seatLine = (amount: number, covers_from: Date, covers_to: Date, periods_count: number): OrderedLine => ({
    kind: 'seats',
    description: describeSeats(to, { seats, covers_to, periods_count }, covers_from === at && !is_whole),
    amount: wholeAmount({ amount, unit: to.unit }),
    unit: to.unit,
    covers_from,
    covers_to,
    order_number: null,
    full_amount: amount,
    recurring_amount: (price * periods_count) / to.period_length,
    recurring_periods: periods_count,
    quantity: seats,
    coupon_id: null,
    anchor_at,
    is_trial: false,
  });
  const first = seatLine(rest, at, ends_at, to.period_length);
  let count = 0;
  let covers_to = ends_at;
  for (;;) {
    const next = endOfPeriods(anchor_at, to.period_length, to.period_type, covers_to);
    if (next.getTime() > paid_until) break;
    covers_to = next;
    count += 1;
  }
  return count === 0 ? [first] : [first, seatLine(price * count, ends_at, covers_to, count * to.period_length)];
}

export function periodsOf({ period_type, period_length }: Plan, anchor_at: Date): PlanPeriods {
  return { anchor_at, period_type, period_length };
}

function optionLine(option: PriceOption, quantity: number, anchor_at: Date): Omit<OrderedLine, 'description'> {
  const { amount, unit, full_amount, recurring_amount, periods_count, covers_from, covers_to, coupon } = option;
  return {
    kind: 'period',
    amount,
    unit,
    covers_from,
    covers_to,
    order_number: null,
    full_amount,
    recurring_amount,
    recurring_periods: periods_count,
    quantity,
    coupon_id: coupon?.id ?? null,
    anchor_at,
    is_trial: false,
  };
}

function firstOption([option]: readonly PriceOption[]): PriceOption {
  if (!option) throw new Error('a plan has a price for one period');
  return option;
}
