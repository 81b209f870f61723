import type { ReminderSpan } from '#kernel/reminder';
import type { SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Subscription } from './subscription.ts';

/**
 * Finds running subscriptions that wait for the consent of one side, with less than `count` reminders, by id. Index:
 * subscriptions_waiting.
 */
export async function findWaitingConsents(
  reader: Reader,
  { since, until }: ReminderSpan,
  { count, at, after, limit }: { count: number; at: Date; after: SubscriptionId | null; limit: number },
): Promise<Pick<Subscription, 'id' | 'profile_id' | 'plan_id'>[]> {
  return reader
    .selectFrom('subscriptions')
    .select(['id', 'profile_id', 'plan_id'])
    .where((eb) => eb.or([eb('grant_key', 'is not', null), eb('request_key', 'is not', null)]))
    .where('ends_at', '>', at)
    .where('created_at', '>', since)
    .where('created_at', '<=', until)
    .where('reminders_count', '<', count)
    .where('id', '>', after ?? (0 as SubscriptionId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Records that a subscription has had `count` reminders in all; false if it had as many before. */
export async function recordConsentReminders(tx: Tx, id: SubscriptionId, count: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('subscriptions')
    .set({ reminders_count: count })
    .where('id', '=', id)
    .where('reminders_count', '<', count)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
