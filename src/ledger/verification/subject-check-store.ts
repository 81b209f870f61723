import { sql } from 'kysely';
import { fragment } from '#platform/db/fragment';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from '../check.ts';
import { subjectPostings, subjectSumColumns } from '../income/index.ts';

const subjectSums = sql`(
    select concat(subject_kind, '_', subject_id, coalesce('/' || nullif(subject_part, ''), '')) as subject, unit,
      ${subjectSumColumns}
    from (${subjectPostings(fragment`ledger_entries`)}) posting
    group by subject_kind, subject_id, subject_part, unit
  ) subject`;

/**
 * Rules of the amounts on one subscription or seat, checked in one pass over the entries.
 * @see docs/decisions/0070-ledger-verification.md
 */
export const subjectChecks: readonly LedgerCheck[] = [
  defineCheck(
    'what is recognised of a subscription or seat is within its orders, its payments and what is due',
    sql<Finding>`select subject as "where", concat_ws('; ',
        case when backlog < 0 and not is_converted
          then format('more is recognised than was paid, the Backlog is %s %s', -backlog, unit) end,
        case when income > ordered and not is_converted or income < 0
          then format('the Income is %s of orders of %s %s', income, ordered, unit) end,
        case when advanced < 0 or advanced > greatest(due, 0) + canceled then format(
          '%s taken from Receivable before the payment, %s due, %s written off, in %s', advanced, due, canceled, unit) end
      ) as detail
      from ${subjectSums}
      where (backlog < 0 or income > ordered) and not is_converted or income < 0
        or advanced < 0 or advanced > greatest(due, 0) + canceled
      order by subject, unit limit ${FINDINGS_MAX}`,
  ),
];
