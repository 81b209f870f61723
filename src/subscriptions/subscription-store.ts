import { type Insertable, type Selectable, sql } from 'kysely';
import { planRows } from '#catalog';
import { builtOnce } from '#platform/db/built-once';
import type { PlanId, ProfileId, SubscriptionId, SubscriptionsTable } from '#platform/db/db-schema';
import { isExclusionViolation, type Reader, type Tx } from '#platform/db/database';
import { linkKeyHash, openKeysOf, sealKeysOf } from '#platform/security/link-keys';
import { subscriptionProblems } from './problems.ts';
import type { Subscription } from './subscription.ts';

/** Opens the keys of a row. */
export function openSubscription(row: Selectable<SubscriptionsTable>): Subscription {
  return openKeysOf<Subscription>(row);
}

function opened(row: Selectable<SubscriptionsTable> | undefined): Subscription | undefined {
  return row && openSubscription(row);
}

/** Finds the subscription of a profile to a plan that is not over at an instant, agreed or not; the one that ends first. */
export async function findSubscription(
  reader: Reader,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  return opened(
    await reader
      .selectFrom('subscriptions')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('plan_id', '=', plan_id)
      .where('ends_at', '>', at)
      .orderBy('ends_at')
      .limit(1)
      .executeTakeFirst(),
  );
}

/** Finds the subscription that gives a profile access to a plan at an instant. */
export async function findActiveSubscription(
  reader: Reader,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  return opened(
    await reader
      .selectFrom('subscriptions')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('plan_id', '=', plan_id)
      .where('grant_key', 'is', null)
      .where('request_key', 'is', null)
      .where('created_at', '<=', at)
      .where('ends_at', '>', at)
      .executeTakeFirst(),
  );
}

/** Finds all subscriptions that any of the profiles ever had to any of the plans, the one that ends first in front. */
export async function findSubscriptionsOf(
  reader: Reader,
  profile_ids: readonly ProfileId[],
  plan_ids: readonly PlanId[],
): Promise<Subscription[]> {
  if (profile_ids.length === 0 || plan_ids.length === 0) return [];
  const rows = await reader
    .selectFrom('subscriptions')
    .selectAll()
    .where('profile_id', 'in', [...new Set(profile_ids)])
    .where('plan_id', 'in', [...new Set(plan_ids)])
    .orderBy('ends_at')
    .orderBy('id')
    .execute();
  return rows.map(openSubscription);
}

/** Finds every subscription of a profile, oldest first. */
export async function findSubscriptionsOfProfile(reader: Reader, profile_id: ProfileId): Promise<Subscription[]> {
  const rows = await reader
    .selectFrom('subscriptions')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .orderBy('id')
    .execute();
  return rows.map(openSubscription);
}

/** Gives a subscription to another profile. @throws subscription_overlaps (409) */
export async function moveSubscription(tx: Tx, id: SubscriptionId, profile_id: ProfileId): Promise<Subscription> {
  return refuseOverlap(
    tx.updateTable('subscriptions').set({ profile_id }).where('id', '=', id).returningAll().executeTakeFirstOrThrow(),
  );
}

/** Deletes a subscription that no side ever used. */
export async function deleteSubscription(tx: Tx, id: SubscriptionId): Promise<void> {
  await tx.deleteFrom('subscriptions').where('id', '=', id).execute();
}

/** Finds many subscriptions at once, by id. */
export async function findSubscriptionsByIds(
  reader: Reader,
  ids: readonly SubscriptionId[],
): Promise<Map<SubscriptionId, Subscription>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('subscriptions')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, openSubscription(row)]));
}

/** Lists the running, agreed subscriptions of a profile with their plans, the one that ends first in front. */
export const findActiveSubscriptionsOf = builtOnce((reader, profile_id: ProfileId, at: Date) =>
  reader
    .selectFrom('subscriptions')
    .innerJoin(planRows(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select(['created_at', 'ends_at', 'auto_renew', 'plan.slug as plan_slug', 'plan.title as plan_title'])
    .select('plan.profile_id as provider_id')
    .where('subscriptions.profile_id', '=', profile_id)
    .where('grant_key', 'is', null)
    .where('request_key', 'is', null)
    .where('created_at', '<=', at)
    .where('ends_at', '>', at)
    .orderBy('ends_at')
    .orderBy('subscriptions.id'),
);

/** Holds the rows of subscriptions, in the order of their ids. */
export async function lockSubscriptions(tx: Tx, ids: readonly SubscriptionId[]): Promise<void> {
  await tx.selectFrom('subscriptions').select('id').where('id', 'in', ids).orderBy('id').forUpdate().execute();
}

/** Finds the running subscription of a profile to a plan, as `findSubscription`, and holds its row. */
export async function lockRunning(
  tx: Tx,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  return opened(
    await tx
      .selectFrom('subscriptions')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('plan_id', '=', plan_id)
      .where('ends_at', '>', at)
      .orderBy('ends_at')
      .limit(1)
      .forUpdate()
      .executeTakeFirst(),
  );
}

/**
 * Holds the place of a profile among the subscribers of a plan, whether it is taken or not: who opens a subscription there
 * sees what was opened before.
 */
export async function lockPlace(tx: Tx, profile_id: ProfileId, plan_id: PlanId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`subscription:${profile_id}:${plan_id}`}, 0))`.execute(tx);
}

/** Finds the subscription of a profile to a plan that ends last, unless it is over at an instant, and holds its row. */
export async function lockLatest(
  tx: Tx,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  return opened(
    await tx
      .selectFrom('subscriptions')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('plan_id', '=', plan_id)
      .where('ends_at', '>', at)
      .orderBy('ends_at', 'desc')
      .limit(1)
      .forUpdate()
      .executeTakeFirst(),
  );
}

/** Finds what waits under a key, as long as it is not over, and holds its row. */
export async function lockByKey(
  tx: Tx,
  which: { kind: 'grant_key' | 'request_key'; key: string },
  at: Date,
): Promise<Subscription | undefined> {
  return opened(
    await tx
      .selectFrom('subscriptions')
      .selectAll()
      .where(`${which.kind}_hash`, '=', linkKeyHash(which.key))
      .where('ends_at', '>', at)
      .forUpdate()
      .executeTakeFirst(),
  );
}

/** Finds what waits under a key, as long as it is not over. */
export async function findByKey(
  reader: Reader,
  which: { kind: 'grant_key' | 'request_key'; key: string },
  at: Date,
): Promise<Subscription | undefined> {
  return opened(
    await reader
      .selectFrom('subscriptions')
      .selectAll()
      .where(`${which.kind}_hash`, '=', linkKeyHash(which.key))
      .where('ends_at', '>', at)
      .executeTakeFirst(),
  );
}

/** Says whether anybody ever subscribed to a plan. */
export async function hasSubscribers(reader: Reader, plan_id: PlanId): Promise<boolean> {
  const row = await reader
    .selectFrom('subscriptions')
    .select('id')
    .where('plan_id', '=', plan_id)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export type NewSubscription = Insertable<SubscriptionsTable>;
export type SubscriptionChange = Partial<
  Pick<Subscription, 'ends_at' | 'auto_renew' | 'description' | 'extra' | 'grant_key' | 'request_key'>
>;

/** @throws subscription_overlaps (409) */
export async function insertSubscription(tx: Tx, row: NewSubscription): Promise<Subscription> {
  return refuseOverlap(tx.insertInto('subscriptions').values(sealKeysOf(row)).returningAll().executeTakeFirstOrThrow());
}

/** @throws subscription_overlaps (409) */
export async function updateSubscription(
  tx: Tx,
  id: SubscriptionId,
  change: SubscriptionChange,
): Promise<Subscription> {
  return refuseOverlap(
    tx
      .updateTable('subscriptions')
      .set(sealKeysOf(change))
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/** The database is who sees that a profile holds a plan at most once at any instant. */
async function refuseOverlap(statement: Promise<Selectable<SubscriptionsTable>>): Promise<Subscription> {
  try {
    return openSubscription(await statement);
  } catch (error) {
    if (isExclusionViolation(error)) throw subscriptionProblems.subscription_overlaps({ cause: error });
    throw error;
  }
}

/** Which subscriptions to end. */
export type Ending =
  | { ids: readonly SubscriptionId[] }
  | { plan_ids: readonly PlanId[] }
  | { profile_id: ProfileId; plan_id?: PlanId };

/**
 * Ends subscriptions at an instant and stops their renewal; those that are over stay as they are. What nobody agreed to
 * keeps its key, so that it never counts as agreed. Money does not move.
 */
export async function endRows(tx: Tx, which: Ending, at: Date): Promise<Subscription[]> {
  let query = tx
    .updateTable('subscriptions')
    .set((eb) => ({ ends_at: eb.fn<Date>('greatest', ['created_at', eb.val(at)]), auto_renew: false }))
    .where('ends_at', '>', at);
  if ('ids' in which) query = query.where((eb) => eb('id', '=', eb.fn.any(eb.val([...which.ids]))));
  else if ('plan_ids' in which) query = query.where((eb) => eb('plan_id', '=', eb.fn.any(eb.val([...which.plan_ids]))));
  else query = query.where('profile_id', '=', which.profile_id);
  if ('plan_id' in which) query = query.where('plan_id', '=', which.plan_id);
  return (await query.returningAll().execute()).map(openSubscription);
}
