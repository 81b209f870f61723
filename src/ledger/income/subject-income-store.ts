import type { Tx } from '#platform/db/database';
import { executeFragment, type Fragment, fragment } from '#platform/db/fragment';
import { isAboutSubject, subjectRows } from '../balance-store.ts';
import type { LedgerSubject } from '../subject.ts';

/**
 * What entries on a subscription or seat say about it, by subject and unit: rows `(subject_kind, subject_id,
 * subject_part, unit, fact, amount, is_converted)` of the entries in `entries`, a table expression.
 *
 *  order    orders
 *  credit   credit notes against an open debt, < 0
 *  payment  payments, < 0; what a reversal took back, > 0
 *  cancel   write-offs, < 0; what a reversal took back, > 0
 *  income   recognised income
 *  advance  income taken from Receivable before the payment; what the payment returned to Backlog, < 0
 *  backlog  payments that are not earned yet, < 0; income and what was given back, > 0; a conversion has 0
 *
 * `is_converted`: the processor converted a payment to or from the unit.
 */
export function subjectPostings(entries: Fragment): Fragment {
  return fragment`
    select subject_kind, subject_id, subject_part, posting.unit, fact, posting.amount,
      orig_unit <> dest_unit as is_converted
    from ${entries}
    left join (select id as reversal_id from ledger_events where kind = 'reversal') reversal on reversal_id = ledger_event_id
    cross join lateral (values
      ('order', dest_unit, dest_amount, orig_account = 'Receivable' and dest_account = 'Payable'),
      ('credit', orig_unit, -orig_amount, orig_account = 'Payable' and dest_account = 'Receivable'),
      ('payment', dest_unit, -dest_amount, orig_account = 'Backlog' and dest_account = 'Receivable'),
      ('payment', orig_unit, orig_amount,
        orig_account = 'Receivable' and dest_account = 'Backlog' and reversal_id is not null),
      ('cancel', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Canceled'),
      ('cancel', dest_unit, dest_amount, orig_account = 'Canceled' and dest_account = 'Receivable'),
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

/** What income of one subject can be taken from, in one unit. Units: 1/100 of `unit`. */
export interface SubjectIncome {
  subject: LedgerSubject;
  unit: string;
  /** Payments that are not earned yet: what the provider's Backlog holds for the subject; < 0 if more was earned. */
  backlog: number;
  /** Orders less payments, write-offs and credit notes against debts. */
  due: number;
  /** Write-offs that were not reversed. */
  canceled: number;
  /** Income taken from Receivable that no payment has returned to Backlog. */
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
  // Index: unique key of ledger_subject_balances.
  await executeFragment(
    tx,
    fragment`
    select 1 as locked from ${subjectRows(subjects)} join ledger_subject_balances entry
      on ${isAboutSubject} and profile_id is null
    order by subject_kind, subject_id, subject_part, unit
    for no key update of entry`,
  );
}

/** Reads what income of these subjects can be taken from. The caller has locked them. */
export async function findSubjectIncomes(tx: Tx, subjects: readonly LedgerSubject[]): Promise<SubjectIncome[]> {
  if (subjects.length === 0) return [];
  // Index: ledger_entries_subject.
  const entries = fragment`(
    select entry.* from ${subjectRows(subjects)} join ledger_entries entry
      on ${isAboutSubject}
  ) entry`;
  return executeFragment(
    tx,
    fragment<SubjectIncome>`
    select json_build_object('kind', subject_kind, 'id', subject_id, 'part', subject_part) as subject, unit,
      coalesce(-sum(amount) filter (where fact = 'backlog'), 0)::bigint as backlog,
      coalesce(sum(amount) filter (where fact in ('order', 'credit', 'payment', 'cancel')), 0)::bigint as due,
      coalesce(-sum(amount) filter (where fact = 'cancel'), 0)::bigint as canceled,
      coalesce(sum(amount) filter (where fact = 'advance'), 0)::bigint as advanced,
      coalesce(sum(amount) filter (where fact = 'income'), 0)::bigint as income,
      bool_or(is_converted) as is_converted
    from (${subjectPostings(entries)}) posting
    group by subject_kind, subject_id, subject_part, unit`,
  );
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
