import { createHash } from 'node:crypto';
import type { Coupon, Plan, PriceOption, UseCharge } from '#catalog';
import { type LedgerSubject, subjectText } from '#ledger';
import type { Money } from '#kernel/money';
import type { PeriodType } from '#kernel/period';
import type { CartItemId, LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Profile } from '#profiles';
import type { Subscription } from '#subscriptions';
import type { CartItem } from './cart-item.ts';
import type { ShownLine } from './shown-line.ts';

/** A trial and the price that is promised for the time after it. Amounts in 1/100 of the unit of the plan. */
export interface TrialOffer {
  days: number;
  covers_from: Date;
  /** Exclusive: the first payment is due at it. */
  covers_to: Date;
  /** First period, after the coupon. */
  amount: number;
  setup_amount: number;
}

/** One line to pay for. Facts are separate members here and in order_lines; no code parses the description. */
export interface Line extends Money {
  kind: 'period' | 'use' | 'setup' | 'balance' | 'seats' | 'trial';
  description: string;
  /** Part of the description after the end date and the periods, if the description names an end date. */
  description_suffix?: string;
  provider_id: ProfileId;
  broker_fee_percent: number;
  quantity: number;
  /** Period type of the paid order, for a prepaid line; the plan's type when omitted. */
  period_type?: PeriodType;
  /** What follows a `trial` line; omitted for other lines. */
  trial?: TrialOffer;
  /** Computed price of a `period` line. */
  option: PriceOption | null;
  use: UseCharge | null;
  coupon: Coupon | null;
  item: CartItem | null;
  /** For `balance`: the order in the ledger that is paid late, if the balance is made of orders. */
  entry_id: LedgerEntryId | null;
  /** For `balance`: the subject that owes. */
  subject: LedgerSubject | null;
}

/**
 * Quote of one subscription at checkout, named as in the published API: lines that will be charged, and options while
 * the buyer has not chosen one.
 */
export interface Invoicable {
  /** `subscriber:plan`. Lists are sorted by it; the API addresses an invoicable by its index in the list. */
  key: string;
  kind: 'cart' | 'balance';
  plan: Plan;
  /** Null for a seat of a person without an account. */
  beneficiary: Profile | null;
  seat?: Seat;
  /** Null while the subscription does not exist yet. */
  subscription: Subscription | null;
  /** True if the beneficiary may begin the plan with a trial; omitted for a balance. */
  trial_available?: boolean;
  lines: Line[];
  options: Line[];
  /** Items for the same plan and person under another name; the checkout deletes them. */
  duplicates?: CartItemId[];
  /** Recorded offers of a response with this invoicable, one per cart item or balance line. */
  shown: ShownLine[];
}

/** Person without an account that a line is for. */
export interface Seat {
  email: string;
  full_name: string;
}

/** Option of one invoicable that the buyer chose. */
export interface Choice {
  /** 1-based. */
  option: number;
  /** Slug of the plan that the buyer expects at this index; not checked when omitted. */
  plan?: string | undefined;
}

/** Sorts by `subscriber:plan`; a balance comes before a new order of the same plan. */
export function sortInvoicables(invoicables: readonly Invoicable[]): Invoicable[] {
  return invoicables.toSorted((a, b) => compare(a.key, b.key) || compare(a.kind, b.kind));
}

/**
 * Replaces options by the chosen lines. The nth choice is for the nth invoicable.
 *
 * Without choices, each undecided invoicable takes its first option, one plan period. Returns null if choices were
 * given and leave an invoicable undecided.
 */
export function chooseOptions(
  invoicables: readonly Invoicable[],
  choices: readonly Choice[] | undefined,
): Invoicable[] | null {
  const chosen = invoicables.map((invoicable, index) => {
    if (invoicable.options.length === 0) return invoicable;
    const number = choices === undefined ? 1 : (choices[index]?.option ?? 0);
    const option = invoicable.options[number - 1];
    return option ? { ...invoicable, lines: [option, ...invoicable.lines], options: [] } : invoicable;
  });
  return chosen.some((invoicable) => invoicable.options.length > 0) ? null : chosen;
}

export function collectLines(invoicables: readonly Invoicable[]): Line[] {
  return invoicables.flatMap((invoicable) => invoicable.lines);
}

/**
 * Sums the amounts of lines; null if they mix currencies. Without lines, zero of `unit_default`. The sum is capped at
 * Number.MAX_SAFE_INTEGER; no processor charges that much.
 */
export function sumLines(lines: readonly Money[], unit_default: string): Money | null {
  // Free lines have no currency of their own.
  const priced = lines.some(({ amount }) => amount > 0) ? lines.filter(({ amount }) => amount > 0) : lines.slice(0, 1);
  const unit = priced[0]?.unit ?? unit_default;
  if (priced.some((line) => line.unit !== unit)) return null;
  const sum = lines.reduce((total, line) => total + line.amount, 0);
  return { amount: Math.min(sum, Number.MAX_SAFE_INTEGER), unit };
}

/** Returns a hash of the lines and options of an order: 32 hexadecimal digits. A changed cart or price changes it. */
export function cartVersion(invoicables: readonly Invoicable[]): string {
  const shown = invoicables.map(({ key, kind, plan, lines, options }) => [
    key,
    kind,
    plan.period_length,
    plan.period_type,
    lines.map(hashedFacts),
    options.map(hashedFacts),
  ]);
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 32);
}

function hashedFacts(line: Line): unknown[] {
  return [
    line.kind,
    line.amount,
    line.unit,
    line.quantity,
    line.option?.periods_count ?? 0,
    line.coupon?.code ?? '',
    line.entry_id,
    line.subject && subjectText(line.subject),
    ...(line.trial ? [line.trial.days, line.trial.amount, line.trial.setup_amount] : []),
  ];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
