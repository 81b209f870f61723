import { sql } from 'kysely';
import { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck, orderEntries } from '#ledger';
import { chargedEntries } from '#payments';

/** Orders of the sample data are events of other names and have no lines. */
const isOfOrder = sql`event_key ~ '^order:[0-9]+$'`;

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
];
