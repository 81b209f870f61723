import type { Insertable, Selectable } from 'kysely';
import type { SubscriptionEndingsTable, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';

/** Reasons that a subscriber may give. They are stored as they are written here. */
export const endingReasons = [
  'too_expensive',
  'missing_features',
  'unused',
  'switched',
  'quality',
  'support',
  'temporary',
  'other',
] as const;
export type EndingReason = (typeof endingReasons)[number];

/**
 * Records why subscriptions end. A later end replaces an earlier one that was planned; a subscription that ended before
 * keeps its ending.
 */
export async function recordEndings(tx: Tx, rows: readonly Insertable<SubscriptionEndingsTable>[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto('subscription_endings')
    .values([...rows])
    .onConflict((conflict) =>
      conflict
        .column('subscription_id')
        .doUpdateSet((eb) => ({
          kind: eb.ref('excluded.kind'),
          reason: eb.fn.coalesce('excluded.reason', 'subscription_endings.reason'),
          comment: eb.fn.coalesce('excluded.comment', 'subscription_endings.comment'),
          ends_at: eb.ref('excluded.ends_at'),
          created_by: eb.ref('excluded.created_by'),
          created_at: eb.ref('excluded.created_at'),
        }))
        .where('subscription_endings.ends_at', '>', (eb) => eb.ref('excluded.created_at')),
    )
    .execute();
}

/** Why a subscription ends, or ended. `by_provider`: the provider ended it. */
export type RecordedEnding = Selectable<SubscriptionEndingsTable>;

/** Finds the ending of a subscription, planned or past. Index: primary key. */
export async function findRecordedEnding(reader: Reader, id: SubscriptionId): Promise<RecordedEnding | undefined> {
  return reader.selectFrom('subscription_endings').selectAll().where('subscription_id', '=', id).executeTakeFirst();
}

/** Removes the ending of a subscription whose cancellation is withdrawn. */
export async function deleteEnding(tx: Tx, id: SubscriptionId): Promise<void> {
  await tx.deleteFrom('subscription_endings').where('subscription_id', '=', id).execute();
}
