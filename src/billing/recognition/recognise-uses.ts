import assert from 'node:assert/strict';
import {
  accounts,
  type Entry,
  findEntries,
  findHoldings,
  fromSubjectColumns,
  type LedgerSubject,
  moveAmount,
  type NewEvent,
  subjectText,
} from '#ledger';
import type { Tx } from '#platform/db/database';
import type { Books } from './books.ts';
import { lastSecond } from './coverage.ts';
import type { DueUse } from './due-store.ts';
import { incomeEntries } from './recognise-windows.ts';
import { describeDates } from './recognition-text.ts';

/** Uses of one subject and window. */
interface UseWindow {
  subject: LedgerSubject;
  order: Entry;
  from: Date;
  to: Date;
  amount: number;
  ids: DueUse['id'][];
}

/** Groups due uses by subject and window. */
export async function findUseWindows(tx: Tx, uses: readonly DueUse[]): Promise<UseWindow[]> {
  const orders = await findEntries(
    tx,
    uses.map(({ ledger_entry_id }) => ledger_entry_id),
  );
  const windows = new Map<string, UseWindow>();
  for (const { id, ledger_entry_id, recognise_from: from, recognise_at: to } of uses) {
    const order = orders.get(ledger_entry_id);
    const subject = order && fromSubjectColumns(order);
    assert(order && subject, 'billed uses have an order on a subject');
    const key = `${subjectText(subject)} ${to.toISOString()} ${order.dest_profile_id}`;
    const window = windows.get(key);
    if (window) {
      window.amount += order.dest_amount;
      window.ids.push(id);
    } else windows.set(key, { subject, order, from, to, amount: order.dest_amount, ids: [id] });
  }
  return [...windows.values()].toSorted((a, b) => a.to.getTime() - b.to.getTime());
}

/**
 * Makes the events that recognise uses: what is not paid becomes a debt, then the income is taken. Returns them with
 * the uses that were written off whole, of which nothing is income. Changes `books`.
 * @throws BooksViolation
 * @see docs/spec/billing.md 2.13
 */
export async function recogniseUses(tx: Tx, windows: readonly UseWindow[], books: Books) {
  const holdings = await findHoldings(
    tx,
    windows.map(({ subject }) => subject),
    accounts.payable,
  );
  const payables = new Map(
    holdings.map(({ subject, profile_id, unit, amount }) => [`${subjectText(subject)} ${profile_id} ${unit}`, amount]),
  );
  const stopped_ids: DueUse['id'][] = [];
  const events = windows.flatMap(({ subject, order, from, to, amount, ids }): NewEvent[] => {
    const { dest_profile_id: payer_id, dest_unit: unit, orig_profile_id: provider_id } = order;
    const taken = books.take(subject, unit, amount);
    if (taken.amount === 0) stopped_ids.push(...ids);
    if (taken.amount === 0) return [];
    const key = `${subjectText(subject)} ${payer_id} ${unit}`;
    const owed = Math.min(taken.amount, Math.max(0, payables.get(key) ?? 0));
    payables.set(key, (payables.get(key) ?? 0) - owed);
    const debt = moveAmount({
      from: { profile_id: payer_id, account: accounts.payable },
      to: { profile_id: payer_id, account: accounts.liability },
      amount: owed,
      unit,
      subject,
      description: 'Keep a balanced ledger',
    });
    const at = lastSecond(to);
    const income = incomeEntries(
      { provider_id, subject, at },
      taken.parts,
      describeDates(subject.part ?? '', from, to),
    );
    return [
      { key: `recognise:uses:${ids[0]}`, kind: 'recognition', at, entries: owed > 0 ? [debt, ...income] : income },
    ];
  });
  return { events, stopped_ids };
}
