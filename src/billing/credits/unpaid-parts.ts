import {
  type Entry,
  findAmountsDue,
  findSubjectOrders,
  fromSubjectColumns,
  isSameSubject,
  type LedgerSubject,
  type SubjectIncome,
  subjectText,
} from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findChargedParts } from '#payments';
import { unpaidParts } from './credit-note.ts';
import { findCreditOfEntries } from './noted-line-store.ts';

/** Returns the part of each order on subjects that is due, by entry of the order; none for subjects without a debt. */
export async function findUnpaidParts(
  reader: Reader,
  subjects: readonly LedgerSubject[],
  at: Date,
): Promise<Map<LedgerEntryId, number>> {
  const dues = (await findAmountsDue(reader, subjects)).filter(({ amount }) => amount > 0);
  return partsOfOrders(reader, dues, { at, taken: new Map() });
}

/**
 * Returns the part of each order on the subjects of `incomes` that was written off, by entry of the order. Like a debt,
 * it is of the newest orders that nothing else settled. `unpaid` is what is due of them.
 */
export async function findForgivenParts(
  reader: Reader,
  incomes: readonly SubjectIncome[],
  { at, unpaid }: { at: Date; unpaid: ReadonlyMap<LedgerEntryId, number> },
): Promise<Map<LedgerEntryId, number>> {
  const amounts = incomes.map(({ subject, unit, canceled }) => ({ subject, unit, amount: canceled }));
  return partsOfOrders(
    reader,
    amounts.filter(({ amount }) => amount > 0),
    { at, taken: unpaid },
  );
}

/** Divides amounts on subjects among their newest orders, up to what nothing settled of them and `taken` leaves. */
async function partsOfOrders(
  reader: Reader,
  amounts: readonly { subject: LedgerSubject; unit: string; amount: number }[],
  { at, taken }: { at: Date; taken: ReadonlyMap<LedgerEntryId, number> },
): Promise<Map<LedgerEntryId, number>> {
  if (amounts.length === 0) return new Map();
  const orders = await findSubjectOrders(
    reader,
    amounts.map(({ subject }) => subject),
    at,
  );
  const ids = orders.map(({ id }) => id);
  const settled = new Map<LedgerEntryId, number>(taken);
  const add = (id: LedgerEntryId, amount: number) => settled.set(id, (settled.get(id) ?? 0) + amount);
  for (const part of await findChargedParts(reader, ids)) add(part.invoiced_entry_id, part.amount);
  for (const [id, sums] of await findCreditOfEntries(reader, ids)) add(id, sums.credit_used + sums.noted_due);
  const seen = new Set<string>();
  return new Map(
    amounts.flatMap(({ subject, unit, amount }) => {
      const key = `${subjectText(subject)} ${unit}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return [...unpaidParts(amount, ordersOn(orders, subject, unit, settled))];
    }),
  );
}

function ordersOn(
  orders: readonly Entry[],
  subject: LedgerSubject,
  unit: string,
  settled: ReadonlyMap<LedgerEntryId, number>,
) {
  return orders
    .filter((order) => {
      const ordered = fromSubjectColumns(order);
      return ordered !== null && isSameSubject(ordered, subject) && order.dest_unit === unit;
    })
    .map(({ id, dest_amount }) => ({ id, amount: dest_amount, settled: settled.get(id) ?? 0 }));
}
