import { sql } from 'kysely';
import { type LedgerSubject, toSubjectColumns } from '#ledger';
import type {
  CartItemId,
  ChargeAttemptId,
  LedgerEntryId,
  OrderId,
  OrderLineId,
  PlanId,
  ProfileId,
  SubscriptionId,
  UserId,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { NewOrderLine, Order, OrderLine } from './order.ts';

export interface NewOrder {
  profile_id: ProfileId;
  created_by: UserId | null;
  cart_version: string;
  amount: number;
  unit: string;
  charge_attempt_id: ChargeAttemptId | null;
}

/** Inserts a reserved order; the unique index orders_one_in_flight rejects a second one of the payer. */
export async function insertOrder(tx: Tx, order: NewOrder, at: Date): Promise<Order> {
  return tx
    .insertInto('orders')
    .values({ ...order, state: 'reserved', created_at: at })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function insertOrderLines(tx: Tx, lines: readonly NewOrderLine[]): Promise<OrderLine[]> {
  return tx
    .insertInto('order_lines')
    .values([...lines])
    .returningAll()
    .execute();
}

/** Selects a reserved order FOR UPDATE; undefined if it is closed. */
export async function lockReservedOrder(tx: Tx, id: OrderId): Promise<Order | undefined> {
  return tx
    .selectFrom('orders')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .forUpdate()
    .executeTakeFirst();
}

/** Selects a reserved or given-up order FOR UPDATE: a payment settles either. Undefined if it is settled or refused. */
export async function lockPayableOrder(tx: Tx, id: OrderId): Promise<Order | undefined> {
  return tx
    .selectFrom('orders')
    .selectAll()
    .where('id', '=', id)
    .where('state', 'in', ['reserved', 'given_up'])
    .forUpdate()
    .executeTakeFirst();
}

/** Selects the order that a charge attempt pays. */
export async function findOrderOfAttempt(reader: Reader, attempt_id: ChargeAttemptId): Promise<Order | undefined> {
  return reader.selectFrom('orders').selectAll().where('charge_attempt_id', '=', attempt_id).executeTakeFirst();
}

export async function findOrderLines(reader: Reader, order_id: OrderId): Promise<OrderLine[]> {
  return reader.selectFrom('order_lines').selectAll().where('order_id', '=', order_id).orderBy('rank').execute();
}

/** Selects the reserved order of a payer. Index: orders_one_in_flight. */
export async function findOrderInFlight(reader: Reader, profile_id: ProfileId): Promise<Order | undefined> {
  return reader
    .selectFrom('orders')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('state', '=', 'reserved')
    .executeTakeFirst();
}

interface Batch {
  after: OrderId;
  limit: number;
}

/** Selects orders reserved at or before an instant, by id. Index: orders_reserved. */
export async function findStaleOrders(reader: Reader, before: Date, { after, limit }: Batch): Promise<Order[]> {
  return reader
    .selectFrom('orders')
    .selectAll()
    .where('state', '=', 'reserved')
    .where('created_at', '<=', before)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Selects orders given up at or after an instant, by id. Index: orders_given_up. */
export async function findGivenUpOrders(reader: Reader, since: Date, { after, limit }: Batch): Promise<Order[]> {
  return reader
    .selectFrom('orders')
    .selectAll()
    .where('state', '=', 'given_up')
    .where('closed_at', '>=', since)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns the ids of the given items that are in a reserved order of any payer. Index: order_lines_cart_item_id. */
export async function findItemsInFlight(reader: Reader, ids: readonly CartItemId[]): Promise<CartItemId[]> {
  if (ids.length === 0) return [];
  const lines = await reader
    .selectFrom('order_lines')
    .innerJoin('orders', 'orders.id', 'order_lines.order_id')
    .select('order_lines.cart_item_id')
    .where('order_lines.cart_item_id', 'in', [...ids])
    .where('orders.state', '=', 'reserved')
    .execute();
  return lines.flatMap(({ cart_item_id }) => cart_item_id ?? []);
}

/** Selects state and charge attempt of the reserved and settled orders with a line on one of the subscriptions. */
export async function findOrdersOfSubscriptions(
  reader: Reader,
  subscription_ids: readonly SubscriptionId[],
): Promise<Pick<Order, 'state' | 'charge_attempt_id'>[]> {
  if (subscription_ids.length === 0) return [];
  // Index: order_lines_subscription_id.
  return reader
    .selectFrom('order_lines')
    .innerJoin('orders', 'orders.id', 'order_lines.order_id')
    .select(['orders.state', 'orders.charge_attempt_id'])
    .distinct()
    .where('order_lines.subscription_id', 'in', subscription_ids)
    .where('orders.state', 'in', ['reserved', 'settled'])
    .execute();
}

export async function updateOrderState(
  tx: Tx,
  id: OrderId,
  state: 'settled' | 'refused' | 'given_up',
  at: Date,
): Promise<void> {
  await tx.updateTable('orders').set({ state, closed_at: at }).where('id', '=', id).execute();
}

/**
 * Selects the order lines of ledger entries with their payers. Returns the first line of an entry; an order that is
 * paid late has a second one. Index: order_lines_ledger_entry_id.
 */
export async function findLinesOfEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<(OrderLine & { payer_id: ProfileId; ledger_entry_id: LedgerEntryId })[]> {
  if (entry_ids.length === 0) return [];
  return reader
    .selectFrom('order_lines as line')
    .innerJoin('orders', 'orders.id', 'line.order_id')
    .selectAll('line')
    .select('orders.profile_id as payer_id')
    .distinctOn('line.ledger_entry_id')
    .where('line.ledger_entry_id', 'in', [...new Set(entry_ids)])
    .orderBy('line.ledger_entry_id')
    .orderBy('line.id')
    .$narrowType<{ ledger_entry_id: LedgerEntryId }>()
    .execute();
}

/** Saves what bookOrder booked for a line. */
export async function updateBookedLine(
  tx: Tx,
  id: OrderLineId,
  booked: {
    subscription_id: SubscriptionId | null;
    ledger_entry_id: LedgerEntryId;
    subject: LedgerSubject;
    description: string;
    covers_from: Date | null;
    covers_to: Date | null;
  },
): Promise<void> {
  const { subject, ...columns } = booked;
  await tx
    .updateTable('order_lines')
    .set({ ...columns, ...toSubjectColumns(subject) })
    .where('id', '=', id)
    .execute();
}

/** Selects the plans of seats by the ids of their ledger subjects. Index: order_lines_seats. */
export async function findPlansOfSeats(reader: Reader, seat_ids: readonly string[]): Promise<Map<string, PlanId>> {
  if (seat_ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('order_lines')
    .select(['subject_id', 'plan_id'])
    .distinct()
    .where('subject_id', 'in', [...seat_ids])
    .where('subject_kind', '=', sql.lit('cpn'))
    .execute();
  return new Map(
    rows.flatMap(({ subject_id, plan_id }) => (subject_id === null || plan_id === null ? [] : [[subject_id, plan_id]])),
  );
}
