import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type { LedgerSubject } from '../subject.ts';

/** Income on a subject that was taken from Receivable, because its order was not paid, > 0. */
export interface UnpaidIncome {
  subject: LedgerSubject;
  unit: string;
  amount: number;
}

/**
 * Reads the income that orders on these subjects earned before they were paid. A later payment moves as much of it from
 * Receivable back to Backlog, or both accounts would keep the amount.
 *
 * What was moved back and what was written off counts no more. A payment or write-off that is reversed raises Payable
 * from Liability, and by as much the income that is unpaid.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export async function findUnpaidIncome(reader: Reader, subjects: readonly LedgerSubject[]): Promise<UnpaidIncome[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  return executeFragment(
    reader,
    fragment<UnpaidIncome>`
    select json_build_object('kind', kind, 'id', subject.id, 'part', part) as subject, dest_unit as unit,
      sum(case orig_account when 'Receivable' then -dest_amount else dest_amount end)::bigint as amount
    from (
      select distinct * from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
        ${subjects.map(({ part }) => part)}::text[]) as given (kind, id, part)
    ) subject
    join ledger_entries entry on entry.subject_kind = subject.kind and entry.subject_id = subject.id
      and entry.subject_part is not distinct from subject.part
    where (orig_account, dest_account) in (('Income', 'Receivable'), ('Receivable', 'Backlog'), ('Receivable', 'Canceled'),
      ('Liability', 'Payable'))
    group by kind, subject.id, part, dest_unit
    having sum(case orig_account when 'Receivable' then -dest_amount else dest_amount end) > 0`,
  );
}
