import type { OrderLineId, PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { findEndedRequests, type Subscription } from '#subscriptions';
import type { RequestLine } from './request.ts';

/**
 * Finds the booked lines that were ordered for a subscription, newest first, with their payers: its own lines, those of
 * payments of its balance, and those that paid for the seats which it claimed. One line for each ledger entry.
 */
export async function findRequestLines(reader: Reader, id: SubscriptionId): Promise<RequestLine[]> {
  // Indexes: order_lines_subscription_id, primary keys, order_lines_claim_id.
  const rows = await executeFragment(
    reader,
    fragment<RequestRow>`
      with own as (
        select line.* from order_lines line join orders on orders.id = line.order_id
        where line.subscription_id = ${id} and orders.state = 'settled'
      ), found as (
        select * from own
        union all
        select paid.* from own join cart_items item on item.id = own.cart_item_id
          join order_lines paid on paid.claim_id = item.claim_id and paid.plan_id = own.plan_id
        where paid.claim_email is not null
      )
      select distinct on (found.ledger_entry_id) found.id, kind, provider_id, found.amount, found.unit, subject_kind,
        subject_id, subject_part, ledger_entry_id, description, orders.profile_id as payer_id
      from found join orders on orders.id = found.order_id
      where ledger_entry_id is not null
      order by found.ledger_entry_id desc, found.id`,
  );
  return rows;
}

type RequestRow = RequestLine;

/** Finds the profiles that ordered for a subscription, by id. */
export async function findRequestPayers(reader: Reader, id: SubscriptionId): Promise<ProfileId[]> {
  const payers = new Set((await findRequestLines(reader, id)).map(({ payer_id }) => payer_id));
  return [...payers].toSorted((a, b) => a - b);
}

/** Finds the income that was recognised of lines, by line; lines without are absent. */
export async function findRecognised(tx: Tx, line_ids: readonly OrderLineId[]): Promise<Map<OrderLineId, number>> {
  const rows = await executeFragment(
    tx,
    fragment<{ id: OrderLineId; amount: number }>`select order_line_id as id, sum(recognised)::bigint as amount
      from coverages where order_line_id = any(${[...line_ids]}::bigint[]) and recognised > 0 group by order_line_id`,
  );
  return new Map(rows.map(({ id, amount }) => [id, amount]));
}

/** Closes the coverages of lines at their beginning: nothing of them was served, and nothing stays earned. */
export async function closeUnservedCoverages(tx: Tx, line_ids: readonly OrderLineId[]): Promise<void> {
  await executeFragment(
    tx,
    fragment`update coverages set amount = 0, recognised = 0, ends_at = starts_at, next_window_at = null
      where order_line_id = any(${[...line_ids]}::bigint[])`,
  );
}

/** Condition on `subscriptions`: the money of the request was given back. */
const isReturned = fragment`exists (select from returned_requests where subscription_id = subscriptions.id)`;

/** Finds requests that ended without a decision, and whose money was not given back, by id. */
export async function findUnreturnedRequests(
  reader: Reader,
  until: Date,
  place: { after: SubscriptionId | null; limit: number },
): Promise<Subscription[]> {
  return findEndedRequests(reader, until, isReturned, place);
}

/** Deletes the free entry that the orders of a subscription took: it was not used. */
export async function deleteFreeEntry(
  tx: Tx,
  taken: { profile_id: ProfileId; plan_id: PlanId; subscription_id: SubscriptionId },
): Promise<void> {
  // Index: primary key of free_entries.
  await executeFragment(
    tx,
    fragment`delete from free_entries entry using order_lines line
      where line.subscription_id = ${taken.subscription_id} and line.order_id = entry.order_id
        and entry.profile_id = ${taken.profile_id} and entry.provider_id = line.provider_id
        and line.plan_id = ${taken.plan_id} and line.amount = 0`,
  );
}
