import type { SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type { Part, Statement } from '#platform/db/together';
import { readSubscriptions, slotLock } from './slot-store.ts';
import { agreedRows, readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** Instants between which the end of a subscription makes it due for renewal. */
export interface RenewalSpan {
  /** Exclusive: earlier ends have lapsed for good. */
  since: Date;
  /** Inclusive. */
  until: Date;
}

/**
 * Condition on `subscriptions`: it renews automatically, both sides agreed, it is not paused, suspended or about to be
 * paused, and what ends is not a trial, which is converted instead.
 */
const isRenewing = fragment`auto_renew and grant_key is null and request_key is null and paused_at is null
  and suspended_at is null and (trial_ends_at is null or trial_ends_at < ends_at)
  and not exists (select from pauses where pauses.subscription_id = subscriptions.id and state = 'planned'
    and starts_at <= ends_at)`;

/** Place in the list of `findDueRenewals`. */
export type RenewalPlace = Pick<Subscription, 'id' | 'ends_at'>;

/** Finds subscriptions that are due for renewal, by their end. Index: subscriptions_renewal. */
export async function findDueRenewals(
  reader: Reader,
  { since, until }: RenewalSpan,
  { after, limit }: { after: RenewalPlace | null; limit: number },
): Promise<Pick<Subscription, 'id' | 'profile_id' | 'ends_at'>[]> {
  const from = after?.ends_at ?? since;
  const query = fragment<Pick<Subscription, 'id' | 'profile_id' | 'ends_at'>>`
    select id, profile_id, ends_at from subscriptions
    where ends_at > ${since} and ends_at <= ${until} and (ends_at, id) > (${from}, ${after?.id ?? 0}) and ${isRenewing}
    order by ends_at, id limit ${limit}`;
  return executeFragment(reader, query);
}

/** Statement that takes the slots of subscriptions, in the order of profile and plan. */
export function renewalSlots(ids: readonly SubscriptionId[]): Statement<null> {
  const query = fragment`select ${slotLock(fragment`slot.profile_id`, fragment`slot.plan_id`)} from (
    select distinct profile_id, plan_id from subscriptions where id = any(${[...ids]}::bigint[])
    order by profile_id, plan_id
  ) slot`;
  return { query, read: () => null };
}

/** Part that selects those of the subscriptions that are still due for renewal FOR UPDATE, by id. */
export function lockedRenewals(ids: readonly SubscriptionId[], { since, until }: RenewalSpan): Part<Subscription[]> {
  const query = fragment`select * from subscriptions
    where id = any(${[...ids]}::bigint[]) and ends_at > ${since} and ends_at <= ${until} and ${isRenewing}
    order by id for update`;
  return { query, read: readSubscriptions };
}

/**
 * Finds agreed subscriptions that end within a span and do not stand still, without trials, by id. Index:
 * subscriptions_ends_at.
 */
export async function findEndingSubscriptions(
  reader: Reader,
  { from, to }: { from: Date; to: Date },
  { after, limit }: { after: SubscriptionId | null; limit: number },
): Promise<Subscription[]> {
  const rows = await reader
    .selectFrom('subscriptions')
    .selectAll()
    .where('ends_at', '>=', from)
    .where('ends_at', '<', to)
    .where('id', '>', after ?? (0 as SubscriptionId)) // ids start at 1
    .where(agreedRows())
    .where('paused_at', 'is', null)
    .where('suspended_at', 'is', null)
    .where((eb) => eb.or([eb('trial_ends_at', 'is', null), eb('trial_ends_at', '<', eb.ref('ends_at'))]))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(readSubscription);
}
