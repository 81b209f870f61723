import { sql } from 'kysely';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from '../check.ts';

/**
 * Sums by subscription or seat, part and unit.
 *
 *  ordered    orders less credit notes against an open debt
 *  owed       ordered less payments and write-offs that were not reversed: what is due
 *  canceled   write-offs
 *  income     recognised income
 *  advanced   income taken from Receivable before the payment, less what payments returned to Backlog
 *  backlog    payments that are not earned yet, ≤ 0. Converted payments are in the unit of the funds and are left out.
 */
const subjectSums = sql`(
    select concat(subject_kind, '_', subject_id, coalesce('/' || nullif(subject_part, ''), '')) as subject, unit,
      coalesce(sum(amount) filter (where fact in ('order', 'credit')), 0) as ordered,
      coalesce(sum(amount) filter (where fact in ('order', 'credit', 'payment', 'cancel')), 0) as owed,
      coalesce(-sum(amount) filter (where fact = 'cancel'), 0) as canceled,
      coalesce(sum(amount) filter (where fact = 'income'), 0) as income,
      coalesce(sum(amount) filter (where fact = 'advance'), 0) as advanced,
      coalesce(sum(amount) filter (where fact = 'backlog'), 0) as backlog,
      coalesce(bool_or(is_converted), false) as is_converted
    from ledger_entries
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
      ('backlog', orig_unit, -orig_amount, orig_account = 'Backlog' and orig_unit = dest_unit)
    ) as posting (fact, unit, amount, is_counted)
    cross join lateral (select orig_unit <> dest_unit as is_converted) conversion
    where is_counted and subject_kind in ('sub', 'cpn')
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
        case when backlog > 0 and not is_converted
          then format('more is recognised than was paid, the Backlog is %s %s', backlog, unit) end,
        case when income > ordered or income < 0
          then format('the Income is %s of orders of %s %s', income, ordered, unit) end,
        case when advanced < 0 or advanced > greatest(owed, 0) + canceled then format(
          '%s taken from Receivable before the payment, %s due, %s written off, in %s', advanced, owed, canceled, unit) end
      ) as detail
      from ${subjectSums}
      where backlog > 0 and not is_converted or income > ordered or income < 0
        or advanced < 0 or advanced > greatest(owed, 0) + canceled
      order by subject, unit limit ${FINDINGS_MAX}`,
  ),
];
