import { sql } from 'kysely';
import { selectPlanNames } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';

/** Subscriptions behind a point of the report of plans. */
export interface SubscriptionPoint {
  provider_id: ProfileId;
  /** Slug of a plan; null for all plans. */
  plan: string | null;
  /** `active`: runs at `ends_at`. `ended`: ended from `start_at` (inclusive) to `ends_at` (exclusive). */
  state: 'active' | 'ended';
  start_at: Date | null;
  ends_at: Date;
}

export const countedSubscriptionList = defineList({
  search: { profile: 'customer.slug', profile__full_name: 'customer.full_name', plan: 'plan.slug' },
  sort: {
    created_at: 'subscription.created_at',
    ends_at: 'subscription.ends_at',
    profile__full_name: 'customer.full_name',
    plan: 'plan.slug',
  },
  default_order: [{ column: 'subscription.created_at', descending: true }],
  tie_breaker: 'subscription.id',
});

export interface CountedSubscription {
  id: SubscriptionId;
  profile_id: ProfileId;
  plan_slug: string;
  plan_title: string;
  created_at: Date;
  ends_at: Date;
  auto_renew: boolean;
}

/** Lists the agreed subscriptions behind a point. Indexes: subscriptions_plan_created_at, subscriptions_plan_id. */
export async function listCountedSubscriptions(
  reader: Reader,
  { provider_id, plan, state, start_at, ends_at }: SubscriptionPoint,
  list: ListQuery,
  url: URL,
): Promise<Page<CountedSubscription>> {
  let query = reader
    .selectFrom('subscriptions as subscription')
    .innerJoin('plans as owned', 'owned.id', 'subscription.plan_id')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscription.plan_id')
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'subscription.profile_id')
    .select(['subscription.id', 'subscription.profile_id', 'subscription.created_at', 'subscription.ends_at'])
    .select(['subscription.auto_renew', 'plan.slug as plan_slug'])
    .select(sql<string>`coalesce(plan.title, plan.slug)`.as('plan_title'))
    .where('owned.profile_id', '=', provider_id)
    .where('subscription.grant_key', 'is', null)
    .where('subscription.request_key', 'is', null);
  if (plan !== null) query = query.where('owned.slug', '=', plan);
  query =
    state === 'active'
      ? query.where('subscription.created_at', '<=', ends_at).where('subscription.ends_at', '>', ends_at)
      : query.where('subscription.ends_at', '<', ends_at);
  if (state === 'ended' && start_at !== null) query = query.where('subscription.ends_at', '>=', start_at);
  return listPage(reader, query, countedSubscriptionList, { ...list, start_at: null, ends_at: null }, url);
}
