import { chargeStep, fromSmallestUnit, type Money, toSmallestUnit } from '#kernel/money';

/** Greatest amount of one charge. Units: the smallest unit of the currency at Stripe. */
const COUNT_MAX = 99_999_999;

/** Currencies that Stripe pays out in whole units only, although it charges fractions of them. */
const WHOLE_PAYOUTS: ReadonlySet<string> = new Set(['huf', 'twd']);

/** Returns the greatest amount of one charge. Units: 1/100 of `unit`. */
export function chargeMaximum(unit: string): number {
  const { amount } = fromSmallestUnit(COUNT_MAX, unit);
  // Three decimals: 99,999.999 dinar would round up to an amount that Stripe refuses.
  const within = (toSmallestUnit({ amount, unit }) ?? 0) > COUNT_MAX ? amount - 1 : amount;
  return within - (within % chargeStep(unit));
}

/**
 * Converts to the unit of Stripe. Throws for an amount that Stripe cannot express: it was refused before the attempt.
 * @see https://docs.stripe.com/currencies#zero-decimal
 */
export function toStripe(money: Money): number {
  const count = toSmallestUnit(money);
  if (count === null) throw new Error(`${money.amount} ${money.unit} is no amount of Stripe`);
  return count;
}

/** Converts from the unit of Stripe. */
export function fromStripe(count: number, unit: string): Money {
  return fromSmallestUnit(count, unit);
}

/** True if Stripe can pay an amount out. */
export function isPayable({ amount, unit }: Money): boolean {
  if (WHOLE_PAYOUTS.has(unit) && amount % 100 !== 0) return false;
  return toSmallestUnit({ amount, unit }) !== null;
}

/** Amounts of a balance transaction of a charge. Units: the smallest unit of its currency. */
interface Transaction {
  amount: number;
  net: number;
  currency: string;
  fee_details: readonly { type: string; amount: number }[];
}

/**
 * Returns what a charge brought. `broker_fee` is the application fee; everything else that was debited is `fee`.
 *
 * The whole is converted first, then the parts, and the difference is the fee: in a currency with three decimals parts
 * that are rounded separately do not add up.
 */
export function fundsOf({ amount, net, currency, fee_details }: Transaction) {
  const unit = currency;
  const application_fee = fee_details.reduce(
    (sum, each) => sum + (each.type === 'application_fee' ? each.amount : 0),
    0,
  );
  const whole = fromStripe(amount, unit).amount;
  const broker_fee = fromStripe(application_fee, unit).amount;
  const net_amount = fromStripe(net, unit).amount;
  return { net: net_amount, fee: whole - net_amount - broker_fee, broker_fee, unit };
}
