import { sql } from 'kysely';
import { selectPlanNames } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage, pageOfAll } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/**
 * Selection by time. `active`: runs now and began at `start_at` or later. `ended`: ended within the requested period.
 * `all`: overlaps the requested period.
 */
export type Span = 'active' | 'ended' | 'all';

/**
 * Selection by party: the subscriptions of a profile, optionally to plans of some providers only, or the subscriptions
 * to a provider's plans.
 */
export type SubscriptionParty =
  | { profile_id: ProfileId; provider_ids?: readonly ProfileId[] }
  | { plan_ids: readonly PlanId[] };

/** Column for searches, null until the subscriber accepted: a pending grant discloses no data of the profile. */
const ifAgreed = (column: string) =>
  sql`case when subscriptions.grant_key is null or profile.invited_email is not null then ${sql.ref(column)} end`;

const searched = {
  profile: 'profile.slug',
  profile__full_name: 'profile.full_name',
  profile__email: ifAgreed('profile.email'),
  profile__phone: ifAgreed('profile.phone'),
  profile__street_address: ifAgreed('profile.street_address'),
  profile__locality: ifAgreed('profile.locality'),
  profile__region: ifAgreed('profile.region'),
  profile__postal_code: ifAgreed('profile.postal_code'),
  profile__country: ifAgreed('profile.country'),
  plan: 'plan.slug',
  plan__title: 'plan.title',
} as const;

export const subscriptionList = defineList({
  search: searched,
  sort: { ...searched, created_at: 'subscriptions.created_at', ends_at: 'subscriptions.ends_at' },
  default_order: [{ column: 'subscriptions.ends_at', descending: false }],
  tie_breaker: 'subscriptions.id',
});

/** Lists subscriptions, waiting ones included. A list for a provider excludes archived subscribers. */
export async function listSubscriptions(
  reader: Reader,
  party: SubscriptionParty,
  span: { span: Span; at: Date },
  list: ListQuery,
  url: URL,
): Promise<Page<Subscription>> {
  if ('plan_ids' in party && party.plan_ids.length === 0) return pageOfAll([], list, url);
  let query = reader
    .selectFrom('subscriptions')
    .innerJoin(selectProfileNames(reader).as('profile'), 'profile.id', 'subscriptions.profile_id')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .selectAll('subscriptions');
  if ('plan_ids' in party) {
    query = query.where('subscriptions.plan_id', 'in', [...party.plan_ids]).where('profile.is_active', '=', true);
  } else {
    const { provider_ids } = party;
    query = query.where('subscriptions.profile_id', '=', party.profile_id);
    if (provider_ids) query = query.where((eb) => eb('plan.profile_id', '=', eb.fn.any(eb.val([...provider_ids]))));
  }
  const { start_at, ends_at } = list;
  switch (span.span) {
    case 'active':
      query = query.where('subscriptions.created_at', '<=', span.at).where('subscriptions.ends_at', '>', span.at);
      if (start_at) query = query.where('subscriptions.created_at', '>=', start_at);
      break;
    case 'ended':
      query = query.where('subscriptions.ends_at', '<=', span.at);
      if (start_at) query = query.where('subscriptions.ends_at', '>=', start_at);
      if (ends_at) query = query.where('subscriptions.ends_at', '<', ends_at);
      break;
    case 'all':
      if (start_at) query = query.where('subscriptions.ends_at', '>=', start_at);
      if (ends_at) query = query.where('subscriptions.created_at', '<', ends_at);
  }
  const page = await listPage(query, subscriptionList, list, url);
  return { ...page, results: page.results.map(readSubscription) };
}
