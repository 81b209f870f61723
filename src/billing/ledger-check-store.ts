import { sql } from 'kysely';
import {
  creditBalances,
  defineCheck,
  type Finding,
  FINDINGS_MAX,
  type LedgerCheck,
  orderEntries,
  subjectIncomes,
  subjectNotes,
} from '#ledger';
import { chargedEntries } from '#payments';

/** Orders of the sample data are events of other names and have no lines. */
const isOfOrder = sql`event_key ~ '^order:[0-9]+$'`;

/** Sums by subscription or seat and unit: prices of lines, their coverages, running or still, and recognised income. */
const subjectCoverages = sql`(
    select subject_kind, subject_id, unit, sum(line.amount) as price,
      sum(running.amount + coalesce(frozen.amount, 0)) as covered, sum(running.recognised) as recognised
    from (
      select order_line_id, sum(amount) as amount, sum(recognised) as recognised from coverages group by order_line_id
    ) running
      join order_lines line on line.id = running.order_line_id and coalesce(subject_part, '') = ''
      left join (select order_line_id, sum(amount) as amount from frozen_coverages group by order_line_id) frozen
        on frozen.order_line_id = line.id
    group by subject_kind, subject_id, unit
  )`;

/**
 * Rules of orders that `tollgate ledger verify` checks. With the amounts due by subject, which are orders less payments
 * and write-offs, they make what providers are owed the sum of the unpaid orders.
 * @see docs/decisions/0070-ledger-verification.md
 */
export const billingLedgerChecks: readonly LedgerCheck[] = [
  defineCheck(
    'a line of a charge has its order',
    sql<Finding>`select format('charge %s, line %s', processor_key, rank) as "where",
        'entry ' || invoiced_entry_id || ' is of no order' as detail
      from ${chargedEntries} item left join ${orderEntries} entry on entry.id = invoiced_entry_id
      where (entry.id is null or ${isOfOrder})
        and not exists (select from order_lines line where line.ledger_entry_id = invoiced_entry_id)
      order by processor_key, rank limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an order in the ledger is a line of an order, with its amount',
    sql<Finding>`select 'entry ' || entry.id as "where",
        format('%s %s posted, the lines are %s', entry.amount, entry.unit, coalesce(lines.text, 'missing')) as detail
      from ${orderEntries} entry left join lateral (
        select string_agg(amount || ' ' || unit, ', ' order by id) as text,
          bool_or((line.amount, line.unit) = (entry.amount, entry.unit)) as is_equal
        from order_lines line where ledger_entry_id = entry.id
      ) lines on true
      where ${isOfOrder} and lines.is_equal is distinct from true order by entry.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'a line that an order has booked is an order in the ledger',
    sql<Finding>`select format('order %s, line %s', order_id, rank) as "where",
        coalesce('entry ' || ledger_entry_id || ' is another', 'it has no entry') as detail
      from order_lines line join orders on orders.id = order_id
        left join ${orderEntries} entry on entry.id = ledger_entry_id
      where orders.state = 'settled' and entry.id is null order by order_id, rank limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the account Credit of a lot is what is left of it, with what is held',
    sql<Finding>`select format('crd_%s/', coalesce(lot.id::text, posted.id)) as "where",
        format('%s owed in the ledger, %s left and %s held', coalesce(posted.amount, 0), coalesce(lot.balance, 0),
          coalesce(held.amount, 0)) as detail
      from credits lot
        left join lateral (
          select sum(amount) as amount from credit_uses use where use.credit_id = lot.id and state = 'held'
        ) held on true
        full join ${creditBalances} posted
          on posted.id = lot.id::text and (posted.profile_id, posted.unit) = (lot.provider_id, lot.unit)
      where coalesce(posted.amount, 0) is distinct from coalesce(lot.balance, 0) + coalesce(held.amount, 0)
      order by 1 limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'a lot has its amount less what was used, is held and was paid out',
    sql<Finding>`select format('lot %s', lot.id) as "where",
        format('%s of %s left, the uses add up to %s', balance, lot.amount, coalesce(sum(use.amount), 0)) as detail
      from credits lot left join credit_uses use on use.credit_id = lot.id and state <> 'returned'
      group by lot.id having lot.amount - lot.balance <> coalesce(sum(use.amount), 0)
      order by lot.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an order uses the credit that its lines say',
    sql<Finding>`select format('order %s, line %s', line.order_id, rank) as "where",
        format('%s used by the line, the lots say %s', credit_used, coalesce(sum(use.amount), 0)) as detail
      from order_lines line join orders on orders.id = line.order_id
        left join credit_uses use on use.order_line_id = line.id and use.state <> 'returned'
      where orders.state in ('reserved', 'settled') and (credit_used > 0 or use.id is not null)
      group by line.id having credit_used <> coalesce(sum(use.amount), 0)
      order by line.order_id, rank limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the coverages on a subscription or seat and what was taken from them add up to the price of its lines',
    sql<Finding>`select concat(subject_kind, '_', subject_id) as "where",
        format('the price is %s %s, the coverages are %s, %s was taken', price, unit, covered, coalesce(note.amount, 0))
          as detail
      from ${subjectCoverages} sums left join ${subjectNotes} note using (subject_kind, subject_id, unit)
      where covered + coalesce(note.amount, 0) <> price and coalesce(note.subject_part, '') = ''
      order by subject_kind, subject_id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'what is recognised of coverages is the income of their subscription or seat',
    sql<Finding>`select concat(subject_kind, '_', subject_id) as "where",
        format('%s %s recognised of coverages, the income is %s', recognised, unit, coalesce(income.amount, 0)) as detail
      from ${subjectCoverages} sums
        left join (select * from ${subjectIncomes} all_incomes where coalesce(subject_part, '') = '') income
          using (subject_kind, subject_id, unit)
      where recognised <> coalesce(income.amount, 0)
        -- Income of a converted payment is in the unit of the funds.
        and not exists (select from ${subjectIncomes} other where other.subject_kind = sums.subject_kind
          and other.subject_id = sums.subject_id and other.unit <> sums.unit)
      order by subject_kind, subject_id limit ${FINDINGS_MAX}`,
  ),
];
