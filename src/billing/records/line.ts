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

/** One line to pay for. Facts are columns here and in order_lines; the description is for people only. */
export interface Line extends Money {
  kind: 'period' | 'use' | 'setup' | 'balance';
  description: string;
  provider_id: ProfileId;
  broker_fee_percent: number;
  quantity: number;
  /** Of a prepaid line, which keeps the periods of the order that paid for it; otherwise those of the plan. */
  period_type?: PeriodType;
  /** The price that was computed, for `period` lines. */
  option: PriceOption | null;
  use: UseCharge | null;
  coupon: Coupon | null;
  item: CartItem | null;
  /** For `balance`: the order in the ledger that is paid late, if the balance is made of orders. */
  entry_id: LedgerEntryId | null;
  /** For `balance`: the subject that owes. */
  subject: LedgerSubject | null;
}

/** What a subscription costs at checkout: lines that will be charged, and options while the buyer has still to choose. */
export interface Invoicable {
  /** `subscriber:plan`; lists are sorted by it, which gives the index that the API takes. */
  key: string;
  kind: 'cart' | 'balance';
  plan: Plan;
  /** Null for a seat of a person without an account. */
  beneficiary: Profile | null;
  seat?: Seat;
  /** Null while the subscription does not exist yet. */
  subscription: Subscription | null;
  lines: Line[];
  options: Line[];
  /** Items that want the same for the same person under another of its names: they are not bought again. */
  duplicates?: CartItemId[];
  /** What a response with this invoicable shows, one entry per cart item or balance line. */
  shown: ShownLine[];
}

/** The person without an account whom a line is for. */
export interface Seat {
  email: string;
  full_name: string;
}

export interface Choice {
  option: number;
  /** The plan that the buyer takes the line to be for, when the buyer says so. */
  plan?: string | undefined;
}

/** Sorts by `subscriber:plan`, balances before new orders of the same plan. */
export function sortInvoicables(invoicables: readonly Invoicable[]): Invoicable[] {
  return invoicables.toSorted((a, b) => compare(a.key, b.key) || compare(a.kind, b.kind));
}

/**
 * Replaces options by the lines that were chosen: the nth choice is for the nth invoicable, its option counts from 1.
 *
 * Without any choices each undecided line takes its first option, one plan period: a call that names none buys the least.
 * Answers null when choices were given and leave something undecided.
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

export function allLines(invoicables: readonly Invoicable[]): Line[] {
  return invoicables.flatMap((invoicable) => invoicable.lines);
}

/**
 * Adds lines up; null when they mix currencies. No line at all is zero of `unit_default`.
 * A sum that is too large to be exact is too large to be charged as well, and stops at the largest exact number.
 */
export function totalOf(lines: readonly Money[], unit_default: string): Money | null {
  // A prepaid seat costs nothing in any currency.
  const priced = lines.some(({ amount }) => amount > 0) ? lines.filter(({ amount }) => amount > 0) : lines.slice(0, 1);
  const unit = priced[0]?.unit ?? unit_default;
  if (priced.some((line) => line.unit !== unit)) return null;
  const sum = lines.reduce((total, line) => total + line.amount, 0);
  return { amount: Math.min(sum, Number.MAX_SAFE_INTEGER), unit };
}

/** Names exactly what a buyer was shown, so that a changed cart or price is noticed before money moves. */
export function cartVersion(invoicables: readonly Invoicable[]): string {
  const shown = invoicables.map(({ key, kind, plan, lines, options }) => [
    key,
    kind,
    plan.period_length,
    plan.period_type,
    lines.map(facts),
    options.map(facts),
  ]);
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 32);
}

function facts(line: Line): unknown[] {
  return [
    line.kind,
    line.amount,
    line.unit,
    line.quantity,
    line.option?.periods_count ?? 0,
    line.coupon?.code ?? '',
    line.entry_id,
    line.subject && subjectText(line.subject),
  ];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
