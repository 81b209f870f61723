import { accounts, fromSubjectColumns, isSameSubject, type LedgerSubject, type NewEntry } from '#ledger';
import type { PlannedLine } from '#payments';
import type { BookedLine } from './book-lines.ts';
import type { BookedOperation } from './load-booking.ts';

/**
 * Returns the lines of a charge as the entries of their operation leave them, which are posted before the payment: a
 * credit note reduces what a late order owes, and closing a coverage takes its income from Receivable. Pure.
 */
export function afterOperation(
  lines: readonly PlannedLine[],
  booked: readonly BookedLine[],
  operation: Pick<BookedOperation, 'entries' | 'noted'> | undefined,
): PlannedLine[] {
  if (!operation) return [...lines];
  const entries = [...operation.entries, ...(operation.noted?.entries ?? [])];
  return lines.map((line, index): PlannedLine => {
    // A new order has earned nothing and is owed whole.
    if (booked[index]?.line.ledger_entry_id === null) return line;
    const own = entriesOn(entries, line.subject).filter(({ dest_unit }) => dest_unit === line.unit);
    const noted = own.filter(
      ({ orig_account, dest_account, orig_profile_id }) =>
        orig_account === accounts.payable && dest_account === accounts.receivable && orig_profile_id === line.payer_id,
    );
    const earned = own.filter(
      ({ orig_account, dest_account }) => orig_account === accounts.income && dest_account === accounts.receivable,
    );
    return {
      ...line,
      payable: line.payable - sumOf(noted),
      unpaid_income: line.unpaid_income + sumOf(earned),
    };
  });
}

function entriesOn(entries: readonly NewEntry[], subject: LedgerSubject): NewEntry[] {
  return entries.filter((entry) => {
    const own = fromSubjectColumns(entry);
    return own !== null && isSameSubject(own, subject);
  });
}

function sumOf(entries: readonly NewEntry[]): number {
  return entries.reduce((sum, { dest_amount }) => sum + dest_amount, 0);
}
