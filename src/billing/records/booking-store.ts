import { sql } from 'kysely';
import type { Tx } from '#platform/db/database';
import { type LedgerSubject, toSubjectColumns } from '#ledger';
import type { CartItemId, ClaimId, LedgerEntryId, OrderId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { fragment, type Fragment } from '#platform/db/fragment';
import { type Part, readRows, type Statement, together } from '#platform/db/together';
import { lockedProfile } from '#profiles';
import { slotLock } from '#subscriptions';
import type { CartOwner } from './cart-item.ts';
import { takenEntries } from './free-entry-store.ts';
import type { Order, OrderLine } from './order.ts';
import { readOrderLines } from './order-store.ts';

/** An order with its lines by rank. */
export interface OrderWithLines {
  order: Order;
  lines: OrderLine[];
}

/**
 * Statement that locks what settles an order, in this order: the payer's profile, the reserved or given-up order, and
 * the slots of the subscriptions that it opens or extends. Reads the order with its lines; undefined if it is settled
 * or refused.
 *
 * The lines of an open order do not change, so that they are read in the statement that waits for the locks.
 */
export function payableOrderLock(payer_id: ProfileId, id: OrderId): Statement<OrderWithLines | undefined> {
  const { query, read } = together({
    payer: lockedProfile(payer_id),
    locked_order: {
      query: fragment`select orders.* from payer join orders on orders.profile_id = payer.id
        where orders.id = ${id} and state in ('reserved', 'given_up') for update of orders`,
      read: (rows) => readRows<Order>(rows, ['created_at', 'closed_at'])[0],
    },
    order_slots: {
      query: fragment`select 1 as locked from (
          select distinct beneficiary_id, plan_id from order_lines join locked_order on locked_order.id = order_id
          where kind in ('period', 'trial') and claim_email is null order by beneficiary_id, plan_id
        ) slot where ${slotLock(fragment`beneficiary_id`, fragment`plan_id`)} is not null`,
      read: () => null,
    },
    locked_lines: {
      query: fragment`select * from order_lines where order_id = (select id from locked_order) order by rank`,
      read: readOrderLines,
    },
  });
  return {
    query,
    read(rows) {
      const { locked_order, locked_lines } = read(rows);
      return locked_order && { order: locked_order, lines: locked_lines };
    },
  };
}

/**
 * Selects the lines of an order in one state with `ordered_at`, the instant of the order, and its `payer_id`. Empty in
 * any other state. For statements that follow the lock of the order.
 */
export function selectLinesOf(id: OrderId, state: Order['state']): Fragment {
  return fragment`select order_lines.*, orders.created_at as ordered_at, orders.profile_id as payer_id
    from orders
    join order_lines on order_lines.order_id = orders.id where orders.id = ${id} and state = ${state}`;
}

/** Selects the slots of `selectLinesOf`, in the order of the lines. */
export function selectSlots(lines: Fragment): Fragment {
  return fragment`select beneficiary_id as profile_id, plan_id from ${lines}
    where kind in ('period', 'trial') and claim_email is null group by beneficiary_id, plan_id order by min(rank)`;
}

/** What is booked for a line. */
export interface Booking {
  rank: number;
  subscription_id: SubscriptionId | null;
  ledger_entry_id: LedgerEntryId;
  subject: LedgerSubject;
  description: string;
  covers_from: Date | null;
  covers_to: Date | null;
  claim_id: ClaimId | null;
}

/** Returns the parts that save a booked order: its lines, its state, and the cart that it leaves. */
export function bookedOrder(
  order: Pick<Order, 'id' | 'created_at' | 'created_by'>,
  bookings: readonly Booking[],
  left: { item_ids: readonly CartItemId[]; shown_keys: readonly string[]; has_coupon: boolean; has_free: boolean },
  at: Date,
) {
  const owner = order.created_by === null ? null : { user_id: order.created_by };
  return {
    booked_lines: bookedLines(order.id, bookings),
    claimed_lines: left.has_free ? claimedLines(order.id, bookings) : null,
    free_entries: left.has_free ? takenEntries(order.id, order.created_at) : null,
    ordered_items: left.item_ids.length === 0 ? null : orderedItems(left.item_ids, order.created_at),
    ordered_lines: owner === null || left.shown_keys.length === 0 ? null : forgottenKeys(owner, left.shown_keys),
    used_code: owner === null || !left.has_coupon ? null : forgottenCode(owner.user_id),
    settled_order: {
      query: fragment`update orders set state = 'settled', is_holding = false, closed_at = ${at} where id = ${order.id}`,
      read: null,
    },
  };
}

function bookedLines(order_id: OrderId, bookings: readonly Booking[]): Part<void> {
  const rows = bookings.map(({ subject, ...booking }) => ({ ...booking, ...toSubjectColumns(subject) }));
  // Index: order_lines_order_id_rank_key.
  const query = fragment`update order_lines line set subscription_id = booked.subscription_id,
      ledger_entry_id = booked.ledger_entry_id, description = booked.description, covers_from = booked.covers_from,
      covers_to = booked.covers_to, subject_kind = booked.subject_kind, subject_id = booked.subject_id,
      subject_part = booked.subject_part, claim_id = booked.claim_id
    from json_populate_recordset(null::order_lines, ${JSON.stringify(rows)}::json) booked
    where line.order_id = ${order_id} and line.rank = booked.rank`;
  return { query, read: null };
}

/**
 * Starts the time that paid seats cover: the lines of their payer take the time of the lines that claim them. Index:
 * order_lines_claim_id.
 */
function claimedLines(order_id: OrderId, bookings: readonly Booking[]): Part<void> {
  const periods = bookings.map(({ rank, covers_from, covers_to }) => ({ rank, covers_from, covers_to }));
  const query = fragment`update order_lines paid set covers_from = booked.covers_from, covers_to = booked.covers_to
    from json_populate_recordset(null::order_lines, ${JSON.stringify(periods)}::json) booked
      join order_lines own on own.order_id = ${order_id} and own.rank = booked.rank and own.kind = 'period'
      join cart_items item on item.id = own.cart_item_id
    where paid.claim_id = item.claim_id and paid.plan_id = item.plan_id and paid.kind = 'period'
      and paid.covers_from is null`;
  return { query, read: null };
}

/** Marks open items as ordered: they leave the cart and stay for the reports. */
function orderedItems(ids: readonly CartItemId[], at: Date): Part<void> {
  const query = fragment`update cart_items set recorded_at = ${at}
    where id = any(${[...ids]}::bigint[]) and recorded_at is null`;
  return { query, read: null };
}

/** Deletes ordered lines in both scopes. Index: shown_lines_place. */
function forgottenKeys(owner: CartOwner & { user_id: number }, keys: readonly string[]): Part<void> {
  const query = fragment`delete from shown_lines
    where coalesce(user_id, 0) = ${owner.user_id} and coalesce(visitor_hash, '') = ''
      and scope in ('cart', 'balance') and key = any(${[...keys]}::text[])`;
  return { query, read: null };
}

function forgottenCode(user_id: number): Part<void> {
  return { query: fragment`delete from user_coupons where user_id = ${user_id}`, read: null };
}

/**
 * Sets the limit of a statement to a minute until the end of the transaction: an order may have 10,000 lines. Each
 * statement is planned for its values: the plans that the connection keeps are for few lines and nest loops over them.
 */
export async function allowLongStatements(tx: Tx): Promise<void> {
  await sql`set local statement_timeout = 60000`.execute(tx);
  await sql`set local plan_cache_mode = force_custom_plan`.execute(tx);
}
