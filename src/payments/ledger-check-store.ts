import { type RawBuilder, sql, type SqlBool } from 'kysely';
import {
  defineCheck,
  eventPayments,
  type Finding,
  FINDINGS_MAX,
  type LedgerCheck,
  orderEntries,
  subjectRefunds,
} from '#ledger';

/** Lines of charges in checks of other rooms: `processor_key`, `rank`, `invoiced_entry_id`. */
export const chargedEntries: RawBuilder<unknown> = sql`(
    select processor_key, rank, invoiced_entry_id from charge_items item join charges charge on charge.id = charge_id
  )`;

/** Condition: a charge that was not refused pays the order with this entry. Index: charge_items_invoiced. */
export function paidByChargeCondition(entry_id: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`exists (select from charge_items item join charges charge on charge.id = item.charge_id
    where item.invoiced_entry_id = ${sql.ref(entry_id)} and charge.state in ('done', 'disputed'))`;
}

/**
 * Rules of charges and refunds that `tollgate ledger verify` checks.
 * @see docs/decisions/0070-ledger-verification.md
 */
export const paymentsLedgerChecks: readonly LedgerCheck[] = [
  defineCheck(
    'a charge has lines that sum to its amount',
    sql<Finding>`select 'charge ' || processor_key as "where",
        format('%s charged, the lines sum to %s %s', charge.amount, coalesce(sum(item.amount), 0), unit) as detail
      from charges charge left join charge_items item on charge_id = charge.id
      group by charge.id having charge.amount <> coalesce(sum(item.amount), 0) order by charge.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the list of the charges of a provider has its lines of each charge',
    sql<Finding>`select 'charge ' || coalesce(charge.processor_key, sold.processor_key) as "where",
        concat_ws('; ', case when sold.charge_id is null then 'it is not listed' when item.charge_id is null then 'it has no line'
          when (item.amount, item.lines_count) <> (sold.amount, sold.lines_count) then format('lines %s, %s %s; listed %s, %s %s',
            item.lines_count, item.amount, charge.unit, sold.lines_count, sold.amount, sold.unit)
          else 'its facts are listed otherwise' end) as detail
      from (select charge_id, provider_id, sum(amount) as amount, count(*) as lines_count from charge_items group by 1, 2) item
        full join seller_charges sold using (charge_id, provider_id) left join charges charge on charge.id = charge_id
      where (item.amount, item.lines_count, charge.profile_id, charge.processor_key, charge.created_at, charge.state, charge.unit)
        is distinct from (sold.amount, sold.lines_count, sold.profile_id, sold.processor_key, sold.created_at, sold.state, sold.unit)
      order by charge_id, provider_id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'a paid charge has its event in the ledger, with its amount',
    sql<Finding>`select 'charge ' || processor_key as "where",
        case when event.key is null then 'it has no event'
          when state = 'created' then 'it is not paid and has an event'
          else format('%s charged, %s paid and %s collected, in %s', charge.amount, paid, collected, charge.unit) end as detail
      from charges charge left join ${eventPayments} event
        on event.key = 'charge:' || processor_key and event.unit = charge.unit
      where case when state in ('done', 'disputed')
        then (charge.amount, charge.amount) is distinct from (event.paid, event.collected)
        else state = 'created' and event.key is not null end
      order by charge.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'an order is not charged above its amount',
    sql<Finding>`select 'entry ' || invoiced_entry_id as "where",
        format('%s ordered, %s charged by %s', coalesce(entry.amount::text, 'nothing'), sum(item.amount),
          string_agg(processor_key, ', ' order by charge.id)) as detail
      from charge_items item join charges charge on charge.id = charge_id
        left join ${orderEntries} entry on entry.id = invoiced_entry_id and entry.unit = charge.unit
      where state <> 'failed'
      group by invoiced_entry_id, entry.amount having sum(item.amount) > coalesce(entry.amount, 0)
      order by invoiced_entry_id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the refunds of a line are not above the line',
    sql<Finding>`select format('charge %s, line %s', processor_key, rank) as "where",
        format('%s paid, %s refunded, in %s', item.amount, sum(line.amount), unit) as detail
      from charge_items item join charges charge on charge.id = item.charge_id
        join refund_lines line on line.charge_item_id = item.id
        join refunds refund on refund.id = line.refund_id and refund.state <> 'failed'
      group by item.id, charge.id having sum(line.amount) > item.amount order by item.id limit ${FINDINGS_MAX}`,
  ),
  defineCheck(
    'the ledger gives back no more than a line was paid, in its unit',
    sql<Finding>`select format('%s_%s/%s/', subject_kind, subject_id, subject_part) as "where",
        format('%s %s given back, the line is %s', refunded.amount, refunded.unit,
          coalesce(item.amount || ' ' || charge.unit, 'missing')) as detail
      from ${subjectRefunds} refunded
        left join charge_items item on item.id::text = subject_part and item.charge_id::text = subject_id
        left join charges charge on charge.id = item.charge_id and charge.unit = refunded.unit
      where subject_kind = 'cha' and refunded.amount <> 0
        and (charge.id is null or refunded.amount > item.amount or refunded.amount < 0)
      order by 1 limit ${FINDINGS_MAX}`,
  ),
];
