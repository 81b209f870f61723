import { sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { readBatches } from '#platform/lists/read-batches';
import { selectProfileNames } from '#profiles';

export const balanceDueList = defineList({
  search: { slug: 'customer.slug', full_name: 'customer.full_name' },
  sort: { slug: 'customer.slug', full_name: 'customer.full_name', created_at: 'customer.created_at' },
  default_order: [{ column: 'customer.created_at', descending: true }],
  tie_breaker: 'customer.id',
  date: 'customer.created_at',
});

/** A customer with a balance at a provider. */
export interface DueRow {
  id: ProfileId;
  /** By unit, in 1/100 of it; without units in which nothing is due. */
  due: Record<string, number>;
}

/** Lists the customers with a balance at a provider, now. */
export async function listBalancesDue(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  url: URL,
): Promise<Page<DueRow>> {
  return listPage(reader, selectDue(reader, provider_id), balanceDueList, list, url);
}

/** Yields all customers of `listBalancesDue` in batches. */
export function readBalancesDue(reader: Reader, provider_id: ProfileId, list: ListQuery): AsyncGenerator<DueRow[]> {
  return readBatches(reader, selectDue(reader, provider_id), balanceDueList, list);
}

/**
 * Indexes: ledger_subject_balances_owed, the unique key of that table, ledger_entries_subject. Only subjects with an
 * amount due are read. As in the statement of a customer, the whole amount due on a subject counts for each profile
 * that ordered on it.
 */
function selectDue(reader: Reader, provider_id: ProfileId) {
  const due = sql<{ customer_id: ProfileId; due: Record<string, number> }>`(
    select customer_id, jsonb_object_agg(unit, amount) as due
    from (
      select payer.profile_id as customer_id, debt.unit, sum(debt.amount)::bigint as amount
      from ledger_subject_balances debt cross join lateral (
        select distinct profile_id from ledger_subject_balances payer
        where (payer.subject_kind, payer.subject_id) = (debt.subject_kind, debt.subject_id)
          and payer.subject_part is not distinct from debt.subject_part and payer.ordered_at is not null
      ) payer
      where debt.profile_id is null and debt.amount <> 0 and exists (
        select from ledger_entries entry
        where (entry.subject_kind, entry.subject_id) = (debt.subject_kind, debt.subject_id)
          and entry.subject_part is not distinct from debt.subject_part
          and entry.orig_profile_id = ${provider_id} and entry.orig_account = 'Receivable' and entry.dest_account = 'Payable')
      group by payer.profile_id, debt.unit having sum(debt.amount) <> 0
    ) by_unit group by customer_id
  )`;
  return reader
    .selectFrom(due.as('due'))
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'due.customer_id')
    .select(['customer.id', 'due.due']);
}
