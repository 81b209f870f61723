import type { Reader } from '#platform/db/database';
import type { Fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import type { LedgerSubject } from '../subject.ts';
import { findSubjectIncomes, selectSubjectIncomes, type SubjectIncome } from './subject-income-store.ts';

/** Income on a subject that was taken from Receivable, because its order was not paid, > 0. */
export interface UnpaidIncome {
  subject: LedgerSubject;
  unit: string;
  amount: number;
}

/**
 * Reads the income that orders on these subjects earned before they were paid. A later payment moves as much of it from
 * Receivable back to Backlog, or both accounts would keep the amount. What was moved back and what was written off
 * counts no more. The caller has locked the subjects (`lockSubjects`), or recognition could move amounts before the
 * payment is posted.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export async function findUnpaidIncome(reader: Reader, subjects: readonly LedgerSubject[]): Promise<UnpaidIncome[]> {
  return unpaidOf(await findSubjectIncomes(reader, subjects));
}

/** Part that reads the income of `findUnpaidIncome` on the subjects of a table expression. */
export function unpaidIncome(subject: Fragment): Part<UnpaidIncome[]> {
  return {
    query: selectSubjectIncomes(subject),
    read: (rows) => unpaidOf(rows as unknown as SubjectIncome[]), // the columns of the query, which have no instants
  };
}

function unpaidOf(incomes: readonly SubjectIncome[]): UnpaidIncome[] {
  return incomes.flatMap(({ subject, unit, advanced, canceled_earned }) => {
    const amount = advanced - canceled_earned;
    return amount > 0 ? [{ subject, unit, amount }] : [];
  });
}
