import type { Insertable, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { PeriodType } from '#kernel/period';
import type {
  ChargeAttemptId,
  CouponId,
  LedgerEntryId,
  OrderId,
  OrderLineId,
  PlanId,
  ProfileId,
  SubscriptionChangesTable,
  SubscriptionId,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** A change with immediate effect. It is recorded before a processor is called. */
export type ChangeRow = Selectable<SubscriptionChangesTable>;

/** Coverage of a subscription that ends after an instant, with its order line. */
export interface CoverageRow {
  order_line_id: OrderLineId;
  rank: number;
  amount: number;
  quantity: number;
  anchor_at: Date;
  starts_at: Date;
  ends_at: Date;
  period_type: PeriodType;
  payer_id: ProfileId;
  plan_id: PlanId | null;
  coupon_id: CouponId | null;
  unit: string;
  ledger_entry_id: LedgerEntryId | null;
  charge_attempt_id: ChargeAttemptId | null;
  kind: 'period' | 'seats' | 'trial';
}

/** Finds the coverages of time of a subscription that end after an instant. Index: coverages_subscription_id. */
export async function findRunningCoverages(reader: Reader, id: SubscriptionId, at: Date): Promise<CoverageRow[]> {
  return executeFragment(
    reader,
    fragment<CoverageRow>`
    select order_line_id, coverages.rank, coverages.amount, coverages.quantity, anchor_at, starts_at, ends_at, period_type,
      orders.profile_id as payer_id, plan_id, coupon_id, line.unit, ledger_entry_id, charge_attempt_id, kind
    from coverages join order_lines line on line.id = order_line_id join orders on orders.id = line.order_id
    where coverages.subscription_id = ${id} and ends_at > ${at} and kind in ('period', 'seats', 'trial')
      and period_type is not null
    order by order_line_id, coverages.rank`,
  );
}

/** Sums the setup fees ordered for subscriptions. Index: order_lines_subscription_id. */
export async function sumSetupFees(reader: Reader, ids: readonly SubscriptionId[]): Promise<number> {
  const row = await reader
    .selectFrom('order_lines as line')
    .innerJoin('orders', 'orders.id', 'line.order_id')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('line.amount'), sql<number>`0`).as('amount'))
    .where('line.subscription_id', 'in', [...ids])
    .where('line.kind', '=', 'setup')
    .where('orders.state', '=', 'settled')
    .executeTakeFirstOrThrow();
  return Number(row.amount);
}

/** Finds the change with the digest of a preview key. */
export async function findChangeByKey(reader: Reader, key: string): Promise<ChangeRow | undefined> {
  return reader.selectFrom('subscription_changes').selectAll().where('key', '=', key).executeTakeFirst();
}

/** Finds the change that an order pays. Index: subscription_changes_order_id. */
export async function findChangeOfOrder(reader: Reader, order_id: OrderId): Promise<ChangeRow | undefined> {
  return reader.selectFrom('subscription_changes').selectAll().where('order_id', '=', order_id).executeTakeFirst();
}

/** Selects a change FOR UPDATE if it is in one of the states. */
export async function lockChange(
  tx: Tx,
  id: ChangeRow['id'],
  states: readonly ChangeRow['state'][],
): Promise<ChangeRow | undefined> {
  return tx
    .selectFrom('subscription_changes')
    .selectAll()
    .where('id', '=', id)
    .where('state', 'in', states)
    .forUpdate()
    .executeTakeFirst();
}

/** True if a change of the subscription waits for its payment. Index: subscription_changes_open. */
export async function hasOpenChange(reader: Reader, id: SubscriptionId): Promise<boolean> {
  const row = await reader
    .selectFrom('subscription_changes')
    .select('id')
    .where('subscription_id', '=', id)
    .where('state', '=', 'reserved')
    .executeTakeFirst();
  return row !== undefined;
}

/** Counts the changes of subscriptions that were executed after an instant. */
export async function countExecutedChanges(
  reader: Reader,
  ids: readonly SubscriptionId[],
  since: Date,
): Promise<number> {
  const row = await reader
    .selectFrom('subscription_changes')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('subscription_id', 'in', [...ids])
    .where('state', '=', 'settled')
    .where('closed_at', '>', since)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Finds the changes that entered subscriptions, by the row that they made. */
export async function findEnteringChanges(
  reader: Reader,
  ids: readonly SubscriptionId[],
): Promise<Pick<ChangeRow, 'new_subscription_id' | 'terms'>[]> {
  if (ids.length === 0) return [];
  return reader
    .selectFrom('subscription_changes')
    .select(['new_subscription_id', 'terms'])
    .where('new_subscription_id', 'in', [...new Set(ids)])
    .execute();
}

export async function insertChange(tx: Tx, row: Insertable<SubscriptionChangesTable>): Promise<ChangeRow> {
  return tx.insertInto('subscription_changes').values(row).returningAll().executeTakeFirstOrThrow();
}

/** Closes a change that is reserved or given up. */
export async function closeChange(
  tx: Tx,
  id: ChangeRow['id'],
  end: {
    state: Exclude<ChangeRow['state'], 'reserved'>;
    closed_at: Date;
    new_subscription_id?: SubscriptionId;
    terms?: ChangeRow['terms'];
  },
): Promise<void> {
  const { terms, ...columns } = end;
  await tx
    .updateTable('subscription_changes')
    .set({ ...columns, ...(terms === undefined ? {} : { terms: JSON.stringify(terms) }) })
    .where('id', '=', id)
    .execute();
}

/** The charge attempt of an order. */
export async function findAttemptOfOrder(reader: Reader, order_id: OrderId): Promise<ChargeAttemptId | null> {
  const row = await reader
    .selectFrom('orders')
    .select('charge_attempt_id')
    .where('id', '=', order_id)
    .executeTakeFirst();
  return row?.charge_attempt_id ?? null;
}

/** Finds the changes that were given up at or after an instant, by id. */
export async function findGivenUpChanges(
  reader: Reader,
  since: Date,
  { after, limit }: { after: ChangeRow['id']; limit: number },
): Promise<ChangeRow[]> {
  return reader
    .selectFrom('subscription_changes')
    .selectAll()
    .where('state', '=', 'given_up')
    .where('closed_at', '>=', since)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}
