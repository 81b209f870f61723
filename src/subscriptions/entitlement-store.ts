import { planRows } from '#catalog';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/** A profile that sells to another: `active` while a subscription runs, false in the days after the last one. */
export interface ProvidingProfile {
  provider_id: ProfileId;
  active: boolean;
}

/**
 * Lists who provides plans to a profile, including those whose last subscription ended up to `grace_days` ago.
 * What was not agreed to by both sides does not count: granting somebody a plan opens no door.
 */
export async function providersOf(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  grace_days: number,
): Promise<ProvidingProfile[]> {
  const since = new Date(at.getTime() - grace_days * 86_400_000);
  return reader
    .selectFrom('subscriptions')
    .innerJoin(planRows(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select((eb) => [
      'plan.profile_id as provider_id',
      eb.fn.agg<boolean>('bool_or', [eb('subscriptions.ends_at', '>', at)]).as('active'),
    ])
    .where('subscriptions.profile_id', '=', profile_id)
    .where('grant_key', 'is', null)
    .where('request_key', 'is', null)
    .where('created_at', '<=', at)
    .where('ends_at', '>', since)
    .groupBy('plan.profile_id')
    .execute();
}

/** What a profile is or was entitled to: one for each plan, the one that ends last. */
export interface Entitlement {
  subscription_id: SubscriptionId;
  profile_id: ProfileId;
  plan_id: PlanId;
  /** Slug. */
  plan: string;
  provider_id: ProfileId;
  created_at: Date;
  ends_at: Date;
}

/** Lists the agreed subscriptions of profiles, past ones included, one for each plan. */
export async function entitlementsOf(
  reader: Reader,
  profile_ids: readonly ProfileId[],
): Promise<Map<ProfileId, Entitlement[]>> {
  const entitlements = new Map<ProfileId, Entitlement[]>(profile_ids.map((id) => [id, []]));
  if (profile_ids.length === 0) return entitlements;
  const rows = await reader
    .selectFrom('subscriptions')
    .innerJoin(planRows(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .distinctOn(['subscriptions.profile_id', 'subscriptions.plan_id'])
    .select([
      'subscriptions.id as subscription_id',
      'subscriptions.profile_id',
      'subscriptions.plan_id',
      'plan.slug as plan',
      'plan.profile_id as provider_id',
      'subscriptions.created_at',
      'subscriptions.ends_at',
    ])
    .where('subscriptions.profile_id', 'in', [...new Set(profile_ids)])
    .where('grant_key', 'is', null)
    .where('request_key', 'is', null)
    .orderBy('subscriptions.profile_id')
    .orderBy('subscriptions.plan_id')
    .orderBy('subscriptions.ends_at', 'desc')
    .execute();
  for (const row of rows) entitlements.get(row.profile_id)?.push(row);
  return entitlements;
}
