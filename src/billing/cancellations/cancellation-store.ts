import type { Selectable } from 'kysely';
import type {
  CancellationId,
  CancellationsTable,
  OrderLineId,
  PlanId,
  RefundId,
  SubscriptionId,
  UserId,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** A cancellation that gives money back. Reserved before the processor is called. */
export type CancellationRow = Selectable<CancellationsTable>;

export async function insertCancellation(
  tx: Tx,
  row: {
    key: string;
    subscription_id: SubscriptionId;
    effective_at: Date;
    terms: unknown;
    created_by: UserId | null;
    created_at: Date;
  },
  refund_ids: readonly RefundId[],
): Promise<CancellationRow> {
  const inserted = await tx
    .insertInto('cancellations')
    .values({ ...row, terms: JSON.stringify(row.terms), state: 'reserved' })
    .returningAll()
    .executeTakeFirstOrThrow();
  if (refund_ids.length > 0)
    await tx
      .insertInto('cancellation_refunds')
      .values(refund_ids.map((refund_id) => ({ refund_id, cancellation_id: inserted.id })))
      .execute();
  return inserted;
}

export async function findCancellationByKey(reader: Reader, key: string): Promise<CancellationRow | undefined> {
  return reader.selectFrom('cancellations').selectAll().where('key', '=', key).executeTakeFirst();
}

/** Selects a reserved cancellation FOR UPDATE; undefined once it is closed. */
export async function lockCancellation(tx: Tx, id: CancellationId): Promise<CancellationRow | undefined> {
  return tx
    .selectFrom('cancellations')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .forUpdate()
    .executeTakeFirst();
}

export async function closeCancellation(
  tx: Tx,
  id: CancellationId,
  end: { state: 'settled'; result: unknown } | { state: 'refused' },
  at: Date,
): Promise<void> {
  const result = end.state === 'settled' ? JSON.stringify(end.result) : null;
  await tx.updateTable('cancellations').set({ state: end.state, result, closed_at: at }).where('id', '=', id).execute();
}

/** Selects cancellations that have been reserved since before an instant, by id. Index: cancellations_reserved. */
export async function findOpenCancellations(
  reader: Reader,
  before: Date,
  { after, limit }: { after: CancellationId | null; limit: number },
): Promise<CancellationRow[]> {
  let query = reader
    .selectFrom('cancellations')
    .selectAll()
    .where('state', '=', 'reserved')
    .where('created_at', '<=', before);
  if (after !== null) query = query.where('id', '>', after);
  return query.orderBy('id').limit(limit).execute();
}

export async function findRefundIds(reader: Reader, id: CancellationId): Promise<RefundId[]> {
  const rows = await reader
    .selectFrom('cancellation_refunds')
    .select('refund_id')
    .where('cancellation_id', '=', id)
    .orderBy('refund_id')
    .execute();
  return rows.map(({ refund_id }) => refund_id);
}

/**
 * Finds the lines of renewals of which a subscription has all the time ahead. A pause moves that time, not the
 * `renews_from` of the line, so it is read from the coverages; those that an operation closed whole have no length. A
 * renewal before time that the subscriber bought stays, because that time follows it and is served.
 * Indexes: coverages_subscription_id, primary keys of order_lines and coverages.
 */
export async function findRenewalsAhead(reader: Reader, id: SubscriptionId, at: Date): Promise<OrderLineId[]> {
  const rows = await executeFragment(
    reader,
    fragment<{ id: OrderLineId }>`
    select distinct line.id from coverages ahead join order_lines line on line.id = ahead.order_line_id
    where ahead.subscription_id = ${id} and ahead.ends_at > ${at} and ahead.starts_at > ${at}
      and ahead.ends_at > ahead.starts_at
      and line.renews_from is not null
      and not exists (select from coverages begun where begun.order_line_id = line.id
        and begun.starts_at <= ${at} and begun.ends_at > begun.starts_at)
      and not exists (select from coverages bought join order_lines other on other.id = bought.order_line_id
        where bought.subscription_id = ${id} and bought.starts_at > ahead.starts_at
          and bought.ends_at > bought.starts_at and other.kind = 'period' and other.renews_from is null)`,
  );
  return rows.map((row) => row.id);
}

/** Lets the periods of renewals that were given back be ordered again, after the cancellation is withdrawn. */
export async function releaseRenewals(tx: Tx, ids: readonly OrderLineId[]): Promise<void> {
  if (ids.length > 0) await tx.updateTable('order_lines').set({ renews_from: null }).where('id', 'in', ids).execute();
}

/** Finds the plan of the pending change of a subscription whose order is not written. */
export async function findPendingPlan(reader: Reader, id: SubscriptionId): Promise<PlanId | null> {
  const rows = await executeFragment(
    reader,
    fragment<{ plan_id: PlanId }>`select plan_id from pending_changes
      where subscription_id = ${id} and order_id is null`,
  );
  return rows[0]?.plan_id ?? null;
}

export async function deletePendingChange(tx: Tx, id: SubscriptionId): Promise<void> {
  await tx.deleteFrom('pending_changes').where('subscription_id', '=', id).where('order_id', 'is', null).execute();
}

export async function findCancelledSubscription(reader: Reader, id: CancellationId): Promise<SubscriptionId> {
  const row = await reader
    .selectFrom('cancellations')
    .select('subscription_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row.subscription_id;
}
