import type { Insertable, Selectable } from 'kysely';
import type { OrderId, PendingChangesTable, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';

/** A change that takes effect at the end of what is paid. `order_id` is set once its order is written. */
export type PendingChange = Selectable<PendingChangesTable>;

export async function findPendingChange(reader: Reader, id: SubscriptionId): Promise<PendingChange | undefined> {
  return reader.selectFrom('pending_changes').selectAll().where('subscription_id', '=', id).executeTakeFirst();
}

/** Selects the pending change of a subscription FOR UPDATE. */
export async function lockPendingChange(tx: Tx, id: SubscriptionId): Promise<PendingChange | undefined> {
  return tx.selectFrom('pending_changes').selectAll().where('subscription_id', '=', id).forUpdate().executeTakeFirst();
}

/** Stores a pending change; replaces one whose order is not written. */
export async function upsertPendingChange(tx: Tx, row: Insertable<PendingChangesTable>): Promise<PendingChange> {
  const { subscription_id: _, ...columns } = row;
  return tx
    .insertInto('pending_changes')
    .values(row)
    .onConflict((conflict) => conflict.column('subscription_id').doUpdateSet(columns))
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Deletes the pending change of a subscription; false if there is none. */
export async function deletePendingChange(tx: Tx, id: SubscriptionId): Promise<boolean> {
  const row = await tx
    .deleteFrom('pending_changes')
    .where('subscription_id', '=', id)
    .returning('subscription_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Records the order of a pending change: from now on it cannot be withdrawn. */
export async function updatePendingOrder(tx: Tx, id: SubscriptionId, order_id: OrderId): Promise<void> {
  await tx.updateTable('pending_changes').set({ order_id }).where('subscription_id', '=', id).execute();
}

/** Finds pending changes that take effect at or before an instant, by subscription. */
export async function findEffectiveChanges(
  reader: Reader,
  until: Date,
  { after, limit }: { after: SubscriptionId; limit: number },
): Promise<PendingChange[]> {
  // Index: pending_changes_effective_at.
  return reader
    .selectFrom('pending_changes')
    .selectAll()
    .where('effective_at', '<=', until)
    .where('order_id', 'is not', null)
    .where('subscription_id', '>', after)
    .orderBy('subscription_id')
    .limit(limit)
    .execute();
}

/** Finds pending changes that take effect in a span (exclusive, inclusive), by subscription. */
export async function findApproachingChanges(
  reader: Reader,
  { since, until }: { since: Date; until: Date },
  { after, limit }: { after: SubscriptionId; limit: number },
): Promise<PendingChange[]> {
  // Index: pending_changes_effective_at.
  return reader
    .selectFrom('pending_changes')
    .selectAll()
    .where('effective_at', '>', since)
    .where('effective_at', '<=', until)
    .where('subscription_id', '>', after)
    .orderBy('subscription_id')
    .limit(limit)
    .execute();
}

/** Records that a notice was sent; false if it was sent before. */
export async function insertSentNotice(
  tx: Tx,
  kind: string,
  subject_id: number,
  occurrence: string,
  sent_at: Date,
): Promise<boolean> {
  const row = await tx
    .insertInto('sent_notices')
    .values({ kind, subject_id, occurrence, sent_at })
    .onConflict((conflict) => conflict.doNothing())
    .returning('kind')
    .executeTakeFirst();
  return row !== undefined;
}

/** Finds pending changes without an order that take effect at or before an instant, by subscription. */
export async function findDueChanges(
  reader: Reader,
  until: Date,
  { after, limit }: { after: SubscriptionId; limit: number },
): Promise<PendingChange[]> {
  // Index: pending_changes_effective_at.
  return reader
    .selectFrom('pending_changes')
    .selectAll()
    .where('effective_at', '<=', until)
    .where('order_id', 'is', null)
    .where('subscription_id', '>', after)
    .orderBy('subscription_id')
    .limit(limit)
    .execute();
}
