import { sql } from 'kysely';
import { selectPlanNames } from '#catalog';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { agreedRows } from './subscription-store.ts';

const DAY_MS = 86_400_000;

/** A provider of a profile. `active` is true while a subscription runs, false in the grace days after the last one. */
export interface ProvidingProfile {
  provider_id: ProfileId;
  active: boolean;
}

/** A subscription of a profile to a plan of a provider that both sides agreed to. */
export interface ProviderTerm {
  plan_id: PlanId;
  provider_id: ProfileId;
  created_at: Date;
  ends_at: Date;
}

/**
 * Finds the subscriptions of profiles, past ones included, for `providersAt`.
 *
 * Excludes subscriptions that one side has not agreed to: a grant alone gives its provider no access to the profile.
 */
export async function findProviderTerms(reader: Reader, profile_ids: readonly ProfileId[]): Promise<ProviderTerm[]> {
  if (profile_ids.length === 0) return [];
  return reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select(['plan_id', 'plan.profile_id as provider_id', 'created_at', 'ends_at'])
    .where('subscriptions.profile_id', 'in', [...new Set(profile_ids)])
    .where(agreedRows())
    .execute();
}

/** Finds the terms of profiles with one provider, past ones included, by profile. Index: subscriptions_profile_id. */
export async function findTermsWith(
  reader: Reader,
  provider_id: ProfileId,
  profile_ids: readonly ProfileId[],
): Promise<Map<ProfileId, ProviderTerm[]>> {
  if (profile_ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select(['subscriptions.profile_id', 'plan_id', 'plan.profile_id as provider_id', 'created_at', 'ends_at'])
    .where('subscriptions.profile_id', 'in', [...new Set(profile_ids)])
    .where('plan.profile_id', '=', provider_id)
    .where(agreedRows())
    .execute();
  return Map.groupBy(rows, ({ profile_id }) => profile_id);
}

/**
 * Returns the providers of a profile, including those whose last subscription ended up to `grace_days` ago. One entry
 * per provider.
 */
export function providersAt(terms: readonly ProviderTerm[], at: Date, grace_days: number): ProvidingProfile[] {
  const since_ms = at.getTime() - grace_days * DAY_MS;
  const providers = new Map<ProfileId, boolean>();
  for (const { provider_id, created_at, ends_at } of terms) {
    if (created_at > at || ends_at.getTime() <= since_ms) continue;
    providers.set(provider_id, providers.get(provider_id) === true || ends_at > at);
  }
  return [...providers].map(([provider_id, active]) => ({ provider_id, active }));
}

/** Plan that a profile is or was entitled to: the agreed subscription to it with the latest end. */
export interface Entitlement {
  subscription_id: SubscriptionId;
  profile_id: ProfileId;
  plan_id: PlanId;
  /** Slug. */
  plan: string;
  provider_id: ProfileId;
  created_at: Date;
  /** Exclusive; the beginning of a pause or suspension while it lasts. */
  ends_at: Date;
}

/** End of the access that a subscription gives: the beginning of a pause or suspension, if there is one. */
const access_end = sql<Date>`least(subscriptions.ends_at, subscriptions.paused_at, subscriptions.suspended_at)`;

/**
 * Finds the entitlements of profiles, past ones included, one per plan: a paused subscription ended its access when the
 * pause began. Every id in `profile_ids` is a key.
 */
export async function findEntitlements(
  reader: Reader,
  profile_ids: readonly ProfileId[],
): Promise<Map<ProfileId, Entitlement[]>> {
  const entitlements = new Map<ProfileId, Entitlement[]>(profile_ids.map((id) => [id, []]));
  if (profile_ids.length === 0) return entitlements;
  const rows = await reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .distinctOn(['subscriptions.profile_id', 'subscriptions.plan_id'])
    .select([
      'subscriptions.id as subscription_id',
      'subscriptions.profile_id',
      'subscriptions.plan_id',
      'plan.slug as plan',
      'plan.profile_id as provider_id',
      'subscriptions.created_at',
      access_end.as('ends_at'),
    ])
    .where('subscriptions.profile_id', 'in', [...new Set(profile_ids)])
    .where(agreedRows())
    .orderBy('subscriptions.profile_id')
    .orderBy('subscriptions.plan_id')
    .orderBy(access_end, 'desc')
    .execute();
  for (const row of rows) entitlements.get(row.profile_id)?.push(row);
  return entitlements;
}
