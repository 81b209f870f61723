import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type {
  CartItemId,
  ChargeAttemptId,
  LedgerEntryId,
  OrderId,
  PlanId,
  ProfileId,
  SubscriptionId,
  UserId,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { anyOf, fragment, type Ids } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { type JsonRow, type Part, type Parts, readRows, runAndCommit, runTogether } from '#platform/db/together';
import { type Attempt, insertedAttempt, type PreparedAttempt } from '#payments';
import { mayTakeFreeEntry, reservedEntries } from './free-entry-store.ts';
import type { NewOrderLine, Order, OrderLine } from './order.ts';

export interface NewOrder {
  profile_id: ProfileId;
  created_by: UserId | null;
  cart_version: string;
  amount: number;
  unit: string;
  /** Null if the total is zero. */
  attempt: PreparedAttempt['row'] | null;
}

const line_columns = [
  'rank',
  'kind',
  'provider_id',
  'beneficiary_id',
  'claim_email',
  'claim_full_name',
  'claim_id',
  'plan_id',
  'use_charge_id',
  'subscription_id',
  'cart_item_id',
  'coupon_id',
  'quantity',
  'periods_count',
  'period_type',
  'covers_from',
  'covers_to',
  'trial_days',
  'promised_amount',
  'promised_setup_amount',
  'full_amount',
  'amount',
  'recurring_amount',
  'recurring_periods',
  'unit',
  'broker_fee_percent',
  'description',
  'description_suffix',
  'subject_kind',
  'subject_id',
  'subject_part',
  'ledger_entry_id',
  'renews_from',
  'credit_used',
] as const;

/**
 * Inserts a reserved order with its lines, and the charge attempt that pays it unless the total is zero, in one
 * statement. With an attempt, commits the transaction. The unique index orders_one_in_flight rejects a second open
 * order of the payer. `further` are parts that may name `new_order` and `new_lines`.
 */
export async function insertOrder(
  tx: Tx,
  order: NewOrder,
  lines: readonly NewOrderLine[],
  at: Date,
  further: Parts = {},
): Promise<{ order: Order; lines: OrderLine[]; attempt: Omit<Attempt, 'source'> | null }> {
  // An order that waits for its payment is all that its transaction saves.
  const run = order.attempt === null ? runTogether : runAndCommit;
  const inserted = await run(tx, { ...reservedOrderParts(order, lines, at), ...further });
  assert(inserted.new_order, 'an order was inserted');
  return { order: inserted.new_order, lines: inserted.new_lines, attempt: inserted.attempt ?? null };
}

/**
 * Returns the parts that `insertOrder` runs. A part that follows them may name `attempt`, `new_order` and `new_lines`.
 */
export function reservedOrderParts(
  { profile_id, created_by, cart_version, amount, unit, attempt }: NewOrder,
  lines: readonly NewOrderLine[],
  at: Date,
) {
  const attempt_id = attempt === null ? fragment`null` : fragment`(select id from attempt)`;
  return {
    attempt: attempt && insertedAttempt(attempt),
    new_order: {
      query: fragment`insert into orders
          (profile_id, created_by, state, cart_version, amount, unit, charge_attempt_id, created_at)
        values (${profile_id}, ${created_by}, 'reserved', ${cart_version}, ${amount}, ${unit}, ${attempt_id}, ${at})
        returning *`,
      read: (rows: readonly JsonRow[]) => readRows<Order>(rows, ['created_at', 'closed_at'])[0],
    },
    new_lines: {
      query: fragment`${insertion('order_lines', line_columns, lines.map(withDefaults), { order_id: fragment`(select id from new_order)` })} returning *`,
      read: readOrderLines,
    },
    taken_entries: lines.some(mayTakeFreeEntry) ? reservedEntries(at) : null,
  };
}

function withDefaults(line: NewOrderLine) {
  return { renews_from: null, credit_used: 0, ...line };
}

/** Part that finds the reserved order of a payer, and reserved orders of any payer with one of the items. */
export function ordersInFlight(payer_id: ProfileId, item_ids: Ids<CartItemId>): Part<boolean> {
  // Indexes: orders_one_in_flight, order_lines_cart_item_id.
  const query = fragment`select id from orders where profile_id = ${payer_id} and state = 'reserved'
    union all
    select orders.id from order_lines join orders on orders.id = order_lines.order_id
    where cart_item_id = ${anyOf(item_ids)} and state = 'reserved'`;
  return { query, read: (rows) => rows.length > 0 };
}

/** Converts JSON rows of order lines. */
export function readOrderLines(rows: readonly JsonRow[]): OrderLine[] {
  return readRows<OrderLine>(rows, ['covers_from', 'covers_to', 'renews_from']);
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

/** Selects the order that a charge attempt pays. */
export async function findOrderOfAttempt(reader: Reader, attempt_id: ChargeAttemptId): Promise<Order | undefined> {
  return reader.selectFrom('orders').selectAll().where('charge_attempt_id', '=', attempt_id).executeTakeFirst();
}

/** True if an order pays a change of a subscription. Index: subscription_changes_order_id. */
export async function isOrderOfChange(reader: Reader, order_id: OrderId): Promise<boolean> {
  const row = await reader
    .selectFrom('subscription_changes')
    .select('id')
    .where('order_id', '=', order_id)
    .executeTakeFirst();
  return row !== undefined;
}

export async function findOrderLines(reader: Reader, order_id: OrderId): Promise<OrderLine[]> {
  return reader.selectFrom('order_lines').selectAll().where('order_id', '=', order_id).orderBy('rank').execute();
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

/** Closes an unpaid order. `is_holding`: it keeps its redemptions and free entries. */
export async function updateOrderState(
  tx: Tx,
  id: OrderId,
  change: { state: 'refused' | 'given_up'; is_holding: boolean; closed_at: Date },
): Promise<void> {
  await tx.updateTable('orders').set(change).where('id', '=', id).execute();
}

/** Selects the orders given up before an instant that still keep what they counted. Index: orders_is_holding. */
export async function findHoldingOrders(reader: Reader, before: Date, { after, limit }: Batch): Promise<Order[]> {
  return reader
    .selectFrom('orders')
    .selectAll()
    .where('is_holding', '=', true)
    .where('state', '=', 'given_up')
    .where('closed_at', '<', before)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Ends the holding of a given-up order; false if it was settled or ended before. */
export async function endHolding(tx: Tx, id: OrderId): Promise<boolean> {
  const ended = await tx
    .updateTable('orders')
    .set({ is_holding: false })
    .where('id', '=', id)
    .where('is_holding', '=', true)
    .where('state', '=', 'given_up')
    .returning('id')
    .executeTakeFirst();
  return ended !== undefined;
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
