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

/** Inserts a reserved order; the index orders_one_in_flight refuses a second one of the same payer. */
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

/** Reads and holds an order that is still open; undefined when somebody closed it already. */
export async function lockReservedOrder(tx: Tx, id: OrderId): Promise<Order | undefined> {
  return tx
    .selectFrom('orders')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .forUpdate()
    .executeTakeFirst();
}

/** Reads and holds an order that money can settle: one that is open, or that was given up; undefined when it is closed for good. */
export async function lockPayableOrder(tx: Tx, id: OrderId): Promise<Order | undefined> {
  return tx
    .selectFrom('orders')
    .selectAll()
    .where('id', '=', id)
    .where('state', 'in', ['reserved', 'given_up'])
    .forUpdate()
    .executeTakeFirst();
}

export async function findOrder(reader: Reader, id: OrderId): Promise<Order | undefined> {
  return reader.selectFrom('orders').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Returns the order that an attempt pays for. */
export async function findOrderOfAttempt(reader: Reader, attempt_id: ChargeAttemptId): Promise<Order | undefined> {
  return reader.selectFrom('orders').selectAll().where('charge_attempt_id', '=', attempt_id).executeTakeFirst();
}

export async function findOrderLines(reader: Reader, order_id: OrderId): Promise<OrderLine[]> {
  return reader.selectFrom('order_lines').selectAll().where('order_id', '=', order_id).orderBy('rank').execute();
}

/** The order of a payer that is being worked on. Index: orders_one_in_flight. */
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

/** Orders left open since before an instant, by id. Index: orders_reserved. */
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

/** Orders given up since an instant, by id. Index: orders_given_up. */
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

/** Those of these items that are part of an order that is open, whoever pays for it. Index: order_lines_cart_item_id. */
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

/** The orders, open or settled, with a line on one of these subscriptions, and what was to charge for them. */
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
 * Order lines that ledger entries stand for, with their payers; the first of several, as an order that is paid late has a
 * second line. Index: order_lines_ledger_entry_id.
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

/** Notes on a line what became of it. */
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

/** Finds the plans of seats by the ids of their subjects. Index: order_lines_seats. */
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
