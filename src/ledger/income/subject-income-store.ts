import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, type Fragment, fragment, verbatimFragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import { isAboutSubject, subjectRows } from '../balance-store.ts';
import type { LedgerSubject } from '../subject.ts';

/**
 * What entries on a subscription or seat say about it, by subject and unit: rows `(subject_kind, subject_id,
 * subject_part, unit, ledger_event_id, fact, amount, is_converted)` of the entries in `entries`, a table expression.
 *
 *  order     orders
 *  credit    credit notes against an open debt, < 0
 *  payment   payments, < 0
 *  cancel    write-offs, < 0
 *  reopen    debts that the reversal of a payment or write-off restores
 *  reversed  what that reversal takes out of payments and write-offs, < 0. The rest of `reopen` is income that the
 *            payment had returned to Backlog, and that is taken from Receivable again
 *  income    recognised income
 *  advance   income taken from Receivable before the payment; what the payment returned to Backlog, < 0
 *  backlog   payments that are not earned yet, < 0; income and what was given back, > 0; a conversion has 0
 *
 * `is_converted`: the processor converted a payment to or from the unit.
 */
export function subjectPostings(entries: Fragment): Fragment {
  return fragment`
    select subject_kind, subject_id, subject_part, posting.unit, ledger_event_id, fact, posting.amount,
      orig_unit <> dest_unit as is_converted, fact = 'reversed' and orig_account = 'Canceled' as is_uncanceled
    from ${entries}
    left join (select id as reversal_id from ledger_events where kind = 'reversal') reversal on reversal_id = ledger_event_id
    cross join lateral (values
      ('order', dest_unit, dest_amount, orig_account = 'Receivable' and dest_account = 'Payable'),
      ('credit', orig_unit, -orig_amount, orig_account = 'Payable' and dest_account = 'Receivable'),
      ('payment', dest_unit, -dest_amount, orig_account = 'Backlog' and dest_account = 'Receivable'),
      ('cancel', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Canceled'),
      ('reopen', dest_unit, dest_amount, orig_account = 'Liability' and dest_account = 'Payable'),
      ('reversed', dest_unit, -dest_amount, orig_account = 'Canceled' and dest_account = 'Receivable'),
      ('reversed', orig_unit, -orig_amount,
        orig_account = 'Receivable' and dest_account = 'Backlog' and reversal_id is not null),
      ('income', orig_unit, orig_amount, orig_account = 'Income'),
      ('income', dest_unit, -dest_amount, dest_account = 'Income'),
      ('advance', dest_unit, dest_amount, orig_account = 'Income' and dest_account = 'Receivable'),
      ('advance', orig_unit, -orig_amount,
        orig_account = 'Receivable' and dest_account = 'Backlog' and reversal_id is null),
      ('backlog', dest_unit, dest_amount, dest_account = 'Backlog' and orig_unit = dest_unit),
      ('backlog', orig_unit, -orig_amount, orig_account = 'Backlog' and orig_unit = dest_unit),
      ('backlog', orig_unit, 0, orig_account = 'Backlog' and orig_unit <> dest_unit)
    ) as posting (fact, unit, amount, is_counted)
    where is_counted and subject_kind in ('sub', 'cpn')`;
}

/**
 * Sums of `subjectPostings`, as columns of a query that groups them. Every rule about write-offs reads `canceled`, so
 * that one that was reversed counts for none of them.
 */
export const subjectSumColumns = verbatimFragment(`
  coalesce(sum(amount) filter (where fact in ('order', 'credit')), 0)::bigint as ordered,
  coalesce(-sum(amount) filter (where fact = 'backlog'), 0)::bigint as backlog,
  coalesce(sum(amount) filter (where fact in ('order', 'credit', 'payment', 'cancel', 'reopen')), 0)::bigint as due,
  coalesce(sum(case when is_uncanceled then amount else -amount end) filter (where fact = 'cancel' or is_uncanceled),
    0)::bigint as canceled,
  coalesce(sum(amount) filter (where fact in ('advance', 'reopen', 'reversed')), 0)::bigint as advanced,
  coalesce(sum(amount) filter (where fact = 'income'), 0)::bigint as income,
  bool_or(is_converted) as is_converted`);

/** What income of one subject can be taken from, in one unit. Units: 1/100 of `unit`. */
export interface SubjectIncome {
  subject: LedgerSubject;
  unit: string;
  /** Payments that are not earned yet: what the provider's Backlog has for the subject; < 0 if more was earned. */
  backlog: number;
  /** Orders less payments, write-offs and credit notes against debts. */
  due: number;
  /** Write-offs less what reversals and credit notes took back of them. A reversed write-off counts as none. */
  canceled: number;
  /** Part of `canceled` that was earned when it was written off. */
  canceled_earned: number;
  /** Income taken from Receivable that no payment has returned to Backlog, written off or not. */
  advanced: number;
  /** Recognised income. */
  income: number;
  /** True if the processor converted a payment to or from the unit. */
  is_converted: boolean;
}

/**
 * Locks subjects, so that no other transaction moves their amounts between Backlog and Receivable until the end of this
 * one. Subjects on which nothing was ordered have no lock. To be called before the amounts are read.
 *
 * Locks: the projections of the amounts due, by subject. A posting on a subject waits for it.
 */
export async function lockSubjects(tx: Tx, subjects: readonly LedgerSubject[]): Promise<void> {
  if (subjects.length === 0) return;
  await executeFragment(tx, subjectsLock(subjectRows(subjects)).query);
}

/**
 * Part that locks the subjects of a table expression `subject (kind, id, part)`, as `lockSubjects` does. Their amounts
 * are read by a later statement.
 */
export function subjectsLock(subject: Fragment): Part<null> {
  // Index: unique key of ledger_subject_balances.
  const query = fragment`
    select 1 as locked from ${subject} join ledger_subject_balances entry
      on ${isAboutSubject} and profile_id is null
    order by subject_kind, subject_id, subject_part, unit
    for no key update of entry`;
  // A part that reads nothing would not be run.
  return { query, read: () => null };
}

/**
 * Reads what income of these subjects can be taken from. To decide by it, the caller has locked them.
 *
 * A write-off takes the time that is not earned first. So what it takes of earned income is what exceeds the debt that
 * is left: the largest excess of the income taken from Receivable over the amount due, after any event. A write-off
 * that was reversed is left out with its reversal, because it took nothing in the end.
 */
export async function findSubjectIncomes(reader: Reader, subjects: readonly LedgerSubject[]): Promise<SubjectIncome[]> {
  if (subjects.length === 0) return [];
  return executeFragment(reader, selectSubjectIncomes(subjectRows(subjects)));
}

/** Query of `findSubjectIncomes`, of the subjects of a table expression `subject (kind, id, part)`. */
export function selectSubjectIncomes(subject: Fragment): Fragment<SubjectIncome> {
  // Indexes: unique key of ledger_subject_incomes. Only what write-offs took of earned income is read from the entries:
  // ledger_entries_subject, ledger_events_key_key. The event `reversal:x` takes back the event `{kind}:x`.
  const kept = fragment`(
    select entry.* from ${subject} join ledger_subject_incomes entry on ${isAboutSubject}
  )`;
  const entries = fragment`(
    select entry.* from (select distinct subject_kind as kind, subject_id as id, subject_part as part
      from kept where has_write_off) subject
    join ledger_entries entry on ${isAboutSubject}
  ) entry`;
  return fragment<SubjectIncome>`
    with kept as materialized ${kept}, posting as materialized (${subjectPostings(entries)}), undone as materialized (
      select unnest(array[event.id, reversal.id]) as id
      from (select distinct ledger_event_id as id from posting where fact = 'cancel') canceled
      join ledger_events event on event.id = canceled.id
      join ledger_events reversal on reversal.key = 'reversal:' || substr(event.key, length(event.kind) + 2)
    ), excess as (
      select subject_kind, subject_id, subject_part, unit,
        sum(sum(case fact when 'advance' then amount when 'reversed' then amount when 'reopen' then 0 else -amount end))
          over (partition by subject_kind, subject_id, subject_part, unit order by ledger_event_id) as amount
      from posting where fact not in ('income', 'backlog') and ledger_event_id not in (select id from undone)
      group by subject_kind, subject_id, subject_part, unit, ledger_event_id
    ), largest as (
      select subject_kind, subject_id, subject_part, unit, max(amount) as amount from excess group by 1, 2, 3, 4
    )
    select json_build_object('kind', sums.subject_kind, 'id', sums.subject_id, 'part', sums.subject_part) as subject,
      sums.unit, backlog, due, canceled, least(canceled, greatest(0, largest.amount))::bigint as canceled_earned,
      advanced, income, is_converted
    from kept sums left join largest on (largest.subject_kind, largest.subject_id, largest.unit)
        = (sums.subject_kind, sums.subject_id, sums.unit)
      and largest.subject_part is not distinct from sums.subject_part`;
}

/** Payments of one subject that the processor converted. Units: `paid` in `unit`, `received` in `funds_unit`. */
export interface ConvertedPayments {
  subject: LedgerSubject;
  unit: string;
  funds_unit: string;
  paid: number;
  received: number;
}

/** Reads the payments of subjects that were converted, summed by both units. */
export async function findConvertedPayments(tx: Tx, subjects: readonly LedgerSubject[]): Promise<ConvertedPayments[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  return executeFragment(
    tx,
    fragment<ConvertedPayments>`
    select json_build_object('kind', kind, 'id', subject.id, 'part', part) as subject, dest_unit as unit,
      orig_unit as funds_unit, sum(dest_amount)::bigint as paid, sum(orig_amount)::bigint as received
    from ${subjectRows(subjects)} join ledger_entries entry
      on ${isAboutSubject}
    where orig_account = 'Backlog' and dest_account = 'Receivable' and orig_unit <> dest_unit
    group by kind, subject.id, part, dest_unit, orig_unit
    order by orig_unit`,
  );
}
