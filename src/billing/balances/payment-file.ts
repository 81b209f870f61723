import { parseInstant } from '#kernel/instant';
import { parseDecimal } from '#kernel/money';
import { singleLine } from '#kernel/text';
import type { CsvRow } from '#platform/csv/read-csv';

/** Largest number of rows of a file. */
export const PAYMENT_ROWS_MAX = 2000;
const DESCRIPTION_LENGTH_MAX = 200;

/** A row of a file of payments as it was typed. `row` is the line in the file, from 1. */
export interface TypedPayment {
  row: number;
  subscription: string;
  created_at: string;
  amount: string;
  descr: string;
}

export type PaymentField = 'row' | 'subscription' | 'created_at' | 'amount' | 'descr';

/** A cell of the file that is refused. */
export interface PaymentFault {
  row: number;
  field: PaymentField;
  message: string;
}

/** Reads the cells of a file: `subscription, date, amount, description`. Leaves out a row of headings. Pure. */
export function readPaymentRows(rows: readonly CsvRow[]): { payments: TypedPayment[]; faults: PaymentFault[] } {
  const [first] = rows;
  const has_headings = first !== undefined && /^subscription$/i.test(first.cells[0] ?? '');
  const faults: PaymentFault[] = [];
  const payments = (has_headings ? rows.slice(1) : rows).flatMap(({ number: row, cells }): TypedPayment[] => {
    if (cells.length < 3 || cells.length > 4) {
      faults.push({ row, field: 'row', message: 'Write subscription, date, amount, and a description if you want.' });
      return [];
    }
    const [subscription = '', created_at = '', amount = '', descr = ''] = cells;
    return [{ row, subscription, created_at, amount: withPoint(amount), descr: singleLine(descr).trim() }];
  });
  return { payments, faults };
}

/** Replaces the decimal comma of a number without further separators: `10,50`. */
function withPoint(amount: string): string {
  return /^\d+,\d{1,2}$/.test(amount) ? amount.replace(',', '.') : amount;
}

/** Facts of a typed payment that need no look-up; null with the faults added if a cell is refused. */
export interface ParsedPayment {
  row: number;
  subscriber: string;
  plan: string;
  amount: number;
  at: Date;
  descr: string;
}

/** Parses a typed payment, or adds the faults of all its cells. Pure. */
export function parsePayment(
  typed: TypedPayment,
  { timezone, now }: { timezone: string; now: Date },
  faults: PaymentFault[],
): ParsedPayment | null {
  const { row, descr } = typed;
  const before = faults.length;
  const fault = (field: PaymentField, message: string) => faults.push({ row, field, message });
  const [subscriber = '', plan = '', ...rest] = typed.subscription.split(':').map((text) => text.trim());
  if (subscriber === '' || plan === '' || rest.length > 0)
    fault('subscription', 'Write the subscriber and the plan with a colon: xia:premium.');
  const at = parseInstant(typed.created_at, timezone);
  if (at === null) fault('created_at', 'Write the date as 2026-03-31.');
  else if (at > now) fault('created_at', 'The payment must not be in the future.');
  const amount = parseDecimal(typed.amount);
  if (amount === null) fault('amount', 'Enter a number with at most two decimals, such as 10.00.');
  if (descr.length > DESCRIPTION_LENGTH_MAX) fault('descr', `Use at most ${DESCRIPTION_LENGTH_MAX} characters.`);
  if (faults.length > before || at === null || amount === null) return null;
  return { row, subscriber, plan, amount, at, descr };
}
