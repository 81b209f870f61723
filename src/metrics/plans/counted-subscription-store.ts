import { type RawBuilder, sql } from 'kysely';
import { selectPlanNames } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import { selectSubscriptionsCount } from './plan-count-store.ts';

/**
 * What a list of subscriptions has. `active`: those that run at `ends_at`. Others: those with an instant from
 * `start_at` (inclusive) to `ends_at` (exclusive): an end, a renewal, an end of a trial, of a pause or of a card.
 */
export const counted_states = ['active', 'ended', 'renewing', 'ending', 'trials', 'resuming', 'cards'] as const;
export type CountedState = (typeof counted_states)[number];

/** Subscriptions behind a point of the report of plans, or behind a figure of the home. */
export interface SubscriptionPoint {
  provider_id: ProfileId;
  /** Slug of a plan; null for all plans. */
  plan: string | null;
  state: CountedState;
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
  /** List price of a period for the quantity, in 1/100 of the unit. */
  amount: number;
  unit: string;
}

/** Lists the agreed subscriptions behind a point. Indexes: subscriptions_plan_created_at, subscriptions_plan_id. */
export async function listCountedSubscriptions(
  reader: Reader,
  point: SubscriptionPoint,
  list: ListQuery,
  url: URL,
): Promise<Page<CountedSubscription>> {
  const { provider_id, plan, state, start_at, ends_at } = point;
  let query = reader
    .selectFrom('subscriptions as subscription')
    .innerJoin('plans as owned', 'owned.id', 'subscription.plan_id')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscription.plan_id')
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'subscription.profile_id')
    .select(['subscription.id', 'subscription.profile_id', 'subscription.created_at', 'subscription.ends_at'])
    .select(['subscription.auto_renew', 'plan.slug as plan_slug'])
    .select(sql<string>`coalesce(plan.title, plan.slug)`.as('plan_title'))
    .select(['owned.unit', sql<number>`owned.period_amount * subscription.quantity`.as('amount')])
    .where('owned.profile_id', '=', provider_id)
    .where('subscription.grant_key', 'is', null)
    .where('subscription.request_key', 'is', null);
  if (plan !== null) query = query.where('owned.slug', '=', plan);
  query = query.where(whereState(state, start_at, ends_at));
  const count = state === 'active' || state === 'ended' ? selectSubscriptionsCount({ ...point, state }) : null;
  return listPage(reader, query, countedSubscriptionList, { ...list, start_at: null, ends_at: null }, url, { count });
}

/** Condition of a state on `subscription` and its plan `owned`. */
export function whereState(state: CountedState, start_at: Date | null, ends_at: Date): RawBuilder<boolean> {
  const within = (instant: RawBuilder<unknown>) =>
    start_at === null ? sql`${instant} < ${ends_at}` : sql`${instant} >= ${start_at} and ${instant} < ${ends_at}`;
  const column = (name: string) => sql.ref(`subscription.${name}`);
  const runs = sql`${column('paused_at')} is null and ${column('suspended_at')} is null`;
  const renews = sql`${column('auto_renew')} and owned.renewal_type = 'auto-renew'`;
  switch (state) {
    case 'active':
      return sql`${column('created_at')} <= ${ends_at} and ${column('ends_at')} > ${ends_at}`;
    case 'ended':
      return sql`${within(column('ends_at'))}`;
    case 'renewing':
      return sql`${within(column('ends_at'))} and ${runs} and ${renews}
        and (${column('trial_ends_at')} is null or ${column('trial_ends_at')} < ${column('ends_at')})`;
    case 'ending':
      return sql`${within(column('ends_at'))} and ${runs} and not (${renews})`;
    case 'trials':
      return sql`${within(column('trial_ends_at'))} and ${runs}`;
    case 'resuming':
      return sql`${column('paused_at')} is not null and ${within(column('resumes_at'))}`;
    case 'cards':
      return sql`${runs} and ${renews} and exists (
        select from payment_methods card where card.profile_id = ${column('profile_id')}
          and ${within(sql`(card.exp_date::date + interval '1 month') at time zone 'UTC'`)})`;
  }
}
