import { expressionBuilder, type Insertable, type Selectable, sql } from 'kysely';
import { selectPlanNames } from '#catalog';
import type { PlanId, ProfileId, Schema, SubscriptionId, SubscriptionsTable } from '#platform/db/db-schema';
import { isExclusionViolation, type Reader, type Tx } from '#platform/db/database';
import { part } from '#platform/db/together';
import { linkKeyHash, openKeysOf, sealKeysOf } from '#platform/security/link-keys';
import { subscriptionProblems } from '../problems.ts';
import type { Subscription } from './subscription.ts';

/** Returns the condition on `subscriptions` that both sides agreed, like `isAgreed`. */
export function agreedRows() {
  const eb = expressionBuilder<Schema, 'subscriptions'>();
  return eb.and([eb('subscriptions.grant_key', 'is', null), eb('subscriptions.request_key', 'is', null)]);
}

/** Converts a row to a subscription; decrypts its keys. */
export function readSubscription(row: Selectable<SubscriptionsTable>): Subscription {
  return openKeysOf<Subscription>(row);
}

function readIfFound(row: Selectable<SubscriptionsTable> | undefined): Subscription | undefined {
  return row && readSubscription(row);
}

/** Finds the subscription of a profile to a plan that has not ended at `at`, agreed or not; the earliest end first. */
export async function findSubscription(
  reader: Reader,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  return readIfFound(
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

/** Finds the subscription of a profile to a plan that covers an instant, agreed or not; the earliest end first. */
export async function findSubscriptionAt(
  reader: Reader,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  // Index: subscriptions_profile_id.
  return readIfFound(
    await reader
      .selectFrom('subscriptions')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('plan_id', '=', plan_id)
      .where('created_at', '<=', at)
      .where('ends_at', '>', at)
      .orderBy('ends_at')
      .limit(1)
      .executeTakeFirst(),
  );
}

/** Finds the subscriptions of the profiles to plans of the providers, past ones included, with their providers. */
export async function findProvided(
  reader: Reader,
  profile_ids: readonly ProfileId[],
  provider_ids: readonly ProfileId[],
): Promise<(Subscription & { provider_id: ProfileId })[]> {
  const rows = await reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .selectAll('subscriptions')
    .select('plan.profile_id as provider_id')
    .where('subscriptions.profile_id', 'in', [...new Set(profile_ids)])
    .where('plan.profile_id', 'in', [...new Set(provider_ids)])
    .execute();
  return rows.map(({ provider_id, ...row }) => ({ ...readSubscription(row), provider_id }));
}

/** Finds every subscription of a profile, past ones included, ordered by id. */
export async function findSubscriptionsOfProfile(reader: Reader, profile_id: ProfileId): Promise<Subscription[]> {
  const rows = await reader
    .selectFrom('subscriptions')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .orderBy('id')
    .execute();
  return rows.map(readSubscription);
}

/** Moves a subscription to another profile. @throws subscription_overlaps (409) */
export async function moveSubscription(tx: Tx, id: SubscriptionId, profile_id: ProfileId): Promise<Subscription> {
  return reportOverlap(
    tx.updateTable('subscriptions').set({ profile_id }).where('id', '=', id).returningAll().executeTakeFirstOrThrow(),
  );
}

/** Deletes a subscription, which must be pending: others are part of the history. */
export async function deleteSubscription(tx: Tx, id: SubscriptionId): Promise<void> {
  await tx.deleteFrom('subscriptions').where('id', '=', id).execute();
}

/** Finds subscriptions by id, in one query. */
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
  return new Map(rows.map((row) => [row.id, readSubscription(row)]));
}

/**
 * Selects the active subscriptions of a profile with their plans, ordered by their end; with `sellers` only those to
 * plans of these providers. Index: subscriptions_profile_id.
 */
export function selectActiveSubscriptions(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers: readonly ProfileId[] | null,
) {
  const active = reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select(['created_at', 'ends_at', 'auto_renew', 'plan.slug as plan_slug', 'plan.title as plan_title'])
    .where('subscriptions.profile_id', '=', profile_id)
    .where(agreedRows())
    .where('created_at', '<=', at)
    .where('ends_at', '>', at)
    .where(sql<boolean>`(${sellers}::bigint[] is null or plan.profile_id = any(${sellers}::bigint[]))`)
    .orderBy('ends_at')
    .orderBy('subscriptions.id');
  return part(active, { created_at: true, ends_at: true });
}

/** Selects subscriptions FOR UPDATE, in id order. */
export async function lockSubscriptions(tx: Tx, ids: readonly SubscriptionId[]): Promise<void> {
  await tx.selectFrom('subscriptions').select('id').where('id', 'in', ids).orderBy('id').forUpdate().execute();
}

/** Selects the subscription that `findSubscription` returns FOR UPDATE. */
export async function lockRunningSubscription(
  tx: Tx,
  profile_id: ProfileId,
  plan_id: PlanId,
  at: Date,
): Promise<Subscription | undefined> {
  return readIfFound(
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

/** Key of a pending subscription, not encrypted. */
export interface WaitingKey {
  kind: 'grant_key' | 'request_key';
  key: string;
}

/** Selects the subscription that waits under a key and has not ended at `at` FOR UPDATE. */
export async function lockSubscriptionByKey(tx: Tx, which: WaitingKey, at: Date): Promise<Subscription | undefined> {
  return readIfFound(await selectByKey(tx, which, at).forUpdate().executeTakeFirst());
}

/** Finds the subscription that waits under a key and has not ended at `at`. */
export async function findSubscriptionByKey(
  reader: Reader,
  which: WaitingKey,
  at: Date,
): Promise<Subscription | undefined> {
  return readIfFound(await selectByKey(reader, which, at).executeTakeFirst());
}

function selectByKey(reader: Reader, { kind, key }: WaitingKey, at: Date) {
  return reader
    .selectFrom('subscriptions')
    .selectAll()
    .where(`${kind}_hash`, '=', linkKeyHash(key))
    .where('ends_at', '>', at);
}

export type NewSubscription = Insertable<SubscriptionsTable>;
export type SubscriptionChange = Partial<
  Pick<
    Subscription,
    | 'ends_at'
    | 'anchor_at'
    | 'auto_renew'
    | 'description'
    | 'extra'
    | 'grant_key'
    | 'request_key'
    | 'quantity'
    | 'trial_ends_at'
    | 'cancelled_at'
    | 'paused_at'
    | 'resumes_at'
    | 'suspended_at'
  >
>;

/** @throws subscription_overlaps (409) */
export async function insertSubscription(tx: Tx, row: NewSubscription): Promise<Subscription> {
  return reportOverlap(tx.insertInto('subscriptions').values(sealKeysOf(row)).returningAll().executeTakeFirstOrThrow());
}

/** @throws subscription_overlaps (409) */
export async function updateSubscription(
  tx: Tx,
  id: SubscriptionId,
  change: SubscriptionChange,
): Promise<Subscription> {
  return reportOverlap(
    tx
      .updateTable('subscriptions')
      .set(sealKeysOf(change))
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/** @throws subscription_overlaps (409) */
async function reportOverlap(statement: Promise<Selectable<SubscriptionsTable>>): Promise<Subscription> {
  return readSubscription(await reportingOverlap(statement));
}

/**
 * Runs a statement that writes subscriptions. An exclusion constraint of the table refuses two subscriptions of one
 * profile to one plan at the same instant.
 * @throws subscription_overlaps (409)
 */
export async function reportingOverlap<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (isExclusionViolation(error)) throw subscriptionProblems.subscription_overlaps({ cause: error });
    throw error;
  }
}

/** The subscriptions to end. */
export type Ending =
  | { plan_ids: readonly PlanId[] }
  | {
      profile_id: ProfileId;
      plan_id?: PlanId;
      /** True for requests that the provider has not accepted only, false for other subscriptions only. */
      is_requested?: boolean;
    };

/**
 * Ends subscriptions at `at`, switches their renewal off and returns them; those that ended before are unchanged. A
 * subscription that was never agreed to keeps its key, so that it never counts as agreed.
 */
export async function updateEnds(tx: Tx, which: Ending, at: Date): Promise<Subscription[]> {
  let query = tx
    .updateTable('subscriptions')
    .set((eb) => ({ ends_at: eb.fn<Date>('greatest', ['created_at', eb.val(at)]), auto_renew: false }))
    .where('ends_at', '>', at);
  if ('plan_ids' in which) query = query.where((eb) => eb('plan_id', '=', eb.fn.any(eb.val([...which.plan_ids]))));
  else query = query.where('profile_id', '=', which.profile_id);
  if ('plan_id' in which) query = query.where('plan_id', '=', which.plan_id);
  if ('is_requested' in which) query = query.where('request_key', which.is_requested ? 'is not' : 'is', null);
  return (await query.returningAll().execute()).map(readSubscription);
}
