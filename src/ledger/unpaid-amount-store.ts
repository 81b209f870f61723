import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { SubjectBalance } from './balance.ts';
import { isNotImported } from './balance-store.ts';
import type { LedgerSubject } from './subject.ts';

/**
 * Expression: what is due on the order with this entry, ≥ 0. Of the orders on one subject, those that `isPaid` excludes
 * are paid; the newest of the others are due, up to the amount due on the subject, because payments settle the oldest
 * orders first.
 * @param isPaid condition on the reference to an id of an entry
 */
export function unpaidAmount(entry_id: string, isPaid: (entry_id: string) => RawBuilder<SqlBool>): RawBuilder<number> {
  // Indexes: primary key, ledger_entries_subject, unique key of ledger_subject_balances.
  const onSubject = (alias: string) => sql`(${sql.ref(`${alias}.subject_kind`)}, ${sql.ref(`${alias}.subject_id`)})
    = (ordered.subject_kind, ordered.subject_id)
    and ${sql.ref(`${alias}.subject_part`)} is not distinct from ordered.subject_part`;
  return sql<number>`coalesce((
    select case when ${isPaid('ordered.id')} then 0
      else greatest(0, least(ordered.dest_amount, due.amount - newer.amount)) end
    from ledger_entries ordered
    cross join lateral (
      select coalesce(sum(amount), 0) as amount from ledger_subject_balances balance
      where ${onSubject('balance')} and balance.profile_id is null and balance.unit = ordered.dest_unit
    ) due
    cross join lateral (
      select coalesce(sum(dest_amount), 0) as amount from ledger_entries entry
      where ${onSubject('entry')} and entry.orig_account = 'Receivable' and entry.dest_account = 'Payable'
        and entry.dest_unit = ordered.dest_unit and (entry.created_at, entry.id) > (ordered.created_at, ordered.id)
        and ${isNotImported} and not ${isPaid('entry.id')}
    ) newer
    where ordered.id = ${sql.ref(entry_id)}
  ), 0)`;
}

/**
 * Finds what was received outside of the site on subjects, less what was reversed; subjects without are absent. Units:
 * `amount` in 1/100 of `unit`, > 0.
 */
export async function findOfflinePayments(
  reader: Reader,
  subjects: readonly LedgerSubject[],
): Promise<SubjectBalance[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  const { rows } = await sql<{ kind: string; id: string; part: string | null; unit: string; amount: number }>`
    select entry.subject_kind as kind, entry.subject_id as id, entry.subject_part as part, unit, sum(amount)::bigint as amount
    from (select distinct kind, id from json_to_recordset(${JSON.stringify(subjects)}::json) as given (kind text, id text))
      subject
    join ledger_entries entry on (entry.subject_kind, entry.subject_id) = (subject.kind, subject.id)
    join ledger_events event on event.id = entry.ledger_event_id and event.kind in ('offline_payment', 'reversal')
    cross join lateral (values
      (entry.dest_unit, entry.dest_amount, entry.orig_account = 'Backlog' and entry.dest_account = 'Receivable'),
      (entry.orig_unit, -entry.orig_amount, entry.orig_account = 'Receivable' and entry.dest_account = 'Backlog')
    ) as payment (unit, amount, is_counted)
    where is_counted
    group by entry.subject_kind, entry.subject_id, entry.subject_part, unit having sum(amount) > 0`.execute(reader);
  return rows.map(({ kind, id, part, unit, amount }) => ({
    subject: { kind, id, part },
    unit,
    amount: Number(amount),
  }));
}
