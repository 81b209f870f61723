import { fromSubjectColumns, type LedgerSubject, subjectText } from '#ledger';
import type { TestApp } from './start-app.ts';

/**
 * Returns the rows of the ledger that were posted by work, as the specification writes them: `sub_1/
 * cowork:Receivable→xia:Payable 2000`. Ids of subjects are numbered in the order in which they appear, and the unit is
 * named unless it is usd.
 */
export async function rowsPostedBy(app: TestApp, work: () => Promise<unknown>): Promise<string[]> {
  const last = await app.db
    .selectFrom('ledger_entries')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  await work();
  const rows = await app.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('profiles as orig', 'orig.id', 'entry.orig_profile_id')
    .innerJoin('profiles as dest', 'dest.id', 'entry.dest_profile_id')
    .select(['entry.subject_kind', 'entry.subject_id', 'entry.subject_part', 'orig.slug as from', 'dest.slug as to'])
    .select(['orig_account', 'dest_account', 'orig_amount', 'orig_unit', 'dest_amount', 'dest_unit'])
    .where('entry.id', '>', last?.id ?? (0 as never)) // every id is positive
    .orderBy('entry.id')
    .execute();
  const numbers = new Map<string, number>();
  const counts = new Map<string, number>();
  return rows.map((row) => {
    const subject = fromSubjectColumns(row);
    const text = subject === null ? '' : subjectText(numbered(subject));
    const sent = amountText(row.orig_amount, row.orig_unit);
    const received = amountText(row.dest_amount, row.dest_unit);
    const amount = sent === received ? received : `${sent} → ${received}`;
    return `${text} ${row.from}:${row.orig_account}→${row.to}:${row.dest_account} ${amount}`;
  });

  function numbered({ kind, id, part }: LedgerSubject): LedgerSubject {
    const line = part !== null && /^[0-9]+$/.test(part) ? numberOf(`${kind} ${id}`, part) : part;
    return { kind, id: numberOf(kind, id), part: line };
  }

  function numberOf(kind: string, id: string): string {
    const key = `${kind} ${id}`;
    const number = numbers.get(key) ?? (counts.get(kind) ?? 0) + 1;
    numbers.set(key, number);
    counts.set(kind, Math.max(number, counts.get(kind) ?? 0));
    return String(number);
  }
}

function amountText(amount: number, unit: string): string {
  return unit === 'usd' ? String(amount) : `${amount} ${unit}`;
}
