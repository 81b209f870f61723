import { type Selectable, sql } from 'kysely';
import type { PlanId, ProfileId, SubscriptionId, SubscriptionsTable } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { anyOf, fragment, Fragment, type Ids } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { type JsonRow, type Part, readRows } from '#platform/db/together';
import { sealKeysOf } from '#platform/security/link-keys';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** A profile and a plan: the profile subscribes to the plan at most once at any instant. */
export interface Slot {
  profile_id: ProfileId;
  plan_id: PlanId;
}

/**
 * Takes an advisory lock for a profile and a plan until the transaction ends. Serializes the openings of subscriptions:
 * the second transaction sees the subscription that the first one opened.
 */
export async function lockSubscriptionSlot(tx: Tx, profile_id: ProfileId, plan_id: PlanId): Promise<void> {
  await sql`select ${slotLock(fragment`${profile_id}::bigint`, fragment`${plan_id}::bigint`)}`.execute(tx);
}

/** Takes the advisory locks of several slots, in the order of profile and plan. */
export async function lockSubscriptionSlots(tx: Tx, slots: readonly Slot[]): Promise<void> {
  if (slots.length === 0) return;
  await sql`select ${slotLock(fragment`slot.profile_id`, fragment`slot.plan_id`)}
    from (select distinct * from ${slotRows(slots)} order by profile_id, plan_id) slot`.execute(tx);
}

/** Returns the expression that takes the advisory lock of a slot, for a statement that reads the slots of an order. */
export function slotLock(profile_id: Fragment, plan_id: Fragment): Fragment {
  return fragment`pg_advisory_xact_lock(hashtextextended('subscription:' || ${profile_id} || ':' || ${plan_id}, 0))`;
}

/** Part that selects the subscription with the latest end after `at` of each slot FOR UPDATE. Locks: the slots. */
export function latestSubscriptions(slots: Slots, at: Date | Fragment): Part<Subscription[]> {
  // Index: subscriptions_profile_id.
  const query = fragment`select latest.* from ${slotRows(slots)} cross join lateral (
    select * from subscriptions
    where profile_id = slot.profile_id and plan_id = slot.plan_id and ends_at > ${at}
    order by ends_at desc limit 1 for update
  ) latest`;
  return { query, read: readSubscriptions };
}

/** Slots: given ones, or the rows `(profile_id, plan_id)` of a query. */
type Slots = readonly Slot[] | Fragment;

function slotRows(slots: Slots): Fragment {
  if (slots instanceof Fragment) return fragment`(${slots}) as slot`;
  return fragment`unnest(${slots.map(({ profile_id }) => profile_id)}::bigint[],
    ${slots.map(({ plan_id }) => plan_id)}::bigint[]) as slot (profile_id, plan_id)`;
}

/** Part that finds all subscriptions of the profiles to the plans, past ones included, ordered by their end. */
export function subscriptionsOf(profile_ids: Ids<ProfileId>, plan_ids: Ids<PlanId>): Part<Subscription[]> {
  const query = fragment`select * from subscriptions
    where profile_id = ${anyOf(profile_ids)} and plan_id = ${anyOf(plan_ids)}
    order by ends_at, id`;
  return { query, read: readSubscriptions };
}

/** Selects the ledger subjects `(kind, id)` of the subscriptions of slots that end after `at`. */
export function selectSubjects(slots: Slots, at: Date | Fragment): Fragment {
  // Index: subscriptions_profile_id.
  return fragment`select 'sub' as kind, subscriptions.id::text as id from ${slotRows(slots)} join subscriptions
    on subscriptions.profile_id = slot.profile_id and subscriptions.plan_id = slot.plan_id and ends_at > ${at}`;
}

const instants = [
  'created_at',
  'anchor_at',
  'ends_at',
  'trial_ends_at',
  'cancelled_at',
  'paused_at',
  'resumes_at',
  'suspended_at',
] as const;

/** Converts JSON rows of `subscriptions`. */
export function readSubscriptions(rows: readonly JsonRow[]): Subscription[] {
  return readRows<Selectable<SubscriptionsTable>>(rows, instants).map(readSubscription);
}

/** Part that inserts subscriptions and returns them. */
export function insertedSubscriptions(rows: readonly OpenedRow[]): Part<Subscription[]> {
  const sealed = rows.map((row) => sealKeysOf({ ...row, grant_key_hash: null, request_key_hash: null }));
  return {
    query: fragment`${insertion('subscriptions', opened_columns, sealed)} returning *`,
    read: readSubscriptions,
  };
}

/** Row of a subscription that an order opens. */
export type OpenedRow = Pick<
  Subscription,
  | 'profile_id'
  | 'plan_id'
  | 'quantity'
  | 'created_at'
  | 'anchor_at'
  | 'ends_at'
  | 'trial_ends_at'
  | 'auto_renew'
  | 'grant_key'
  | 'request_key'
>;

const opened_columns = [
  'profile_id',
  'plan_id',
  'quantity',
  'created_at',
  'anchor_at',
  'ends_at',
  'trial_ends_at',
  'auto_renew',
  'grant_key',
  'request_key',
  'grant_key_hash',
  'request_key_hash',
] as const;

/** New end of a subscription; with `is_accepted`, it no longer waits for the subscriber. */
export interface Extension {
  id: SubscriptionId;
  ends_at: Date;
  is_accepted: boolean;
}

/** Part that extends subscriptions and returns them. */
export function extendedSubscriptions(extensions: readonly Extension[]): Part<Subscription[]> {
  const query = fragment`update subscriptions set ends_at = change.ends_at,
      grant_key = case when change.is_accepted then null else grant_key end,
      grant_key_hash = case when change.is_accepted then null else grant_key_hash end
    from json_to_recordset(${JSON.stringify(extensions)}::json) as change
      (id bigint, ends_at timestamptz, is_accepted boolean)
    where subscriptions.id = any(${extensions.map(({ id }) => id)}::bigint[]) and subscriptions.id = change.id
    returning subscriptions.*`;
  return { query, read: readSubscriptions };
}
