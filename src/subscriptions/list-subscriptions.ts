import { sql } from 'kysely';
import { planRows } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage, pageOfAll } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import { openSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/**
 * Which subscriptions by their time: `active` runs now (and began at `start_at` or later), `ended` is over, `all` are those
 * that meet the period asked for.
 */
export type Span = 'active' | 'ended' | 'all';

/** Whose: those of a subscriber, all or to some plans only, or those to a provider's plans. */
export type Whose = { profile_id: ProfileId; provider_ids?: readonly ProfileId[] } | { plan_ids: readonly PlanId[] };

/** What is not shown is not found either: an offer discloses nothing of a profile before it is accepted. */
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

/** Lists subscriptions, pending ones among them. Those of archived subscribers are not shown to providers. */
export async function listSubscriptions(
  reader: Reader,
  whose: Whose,
  span: { span: Span; at: Date },
  list: ListQuery,
  url: URL,
): Promise<Page<Subscription>> {
  if ('plan_ids' in whose && whose.plan_ids.length === 0) return pageOfAll([], list, url);
  let query = reader
    .selectFrom('subscriptions')
    .innerJoin(selectProfileNames(reader).as('profile'), 'profile.id', 'subscriptions.profile_id')
    .innerJoin(planRows(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .selectAll('subscriptions');
  if ('plan_ids' in whose) {
    query = query.where('subscriptions.plan_id', 'in', [...whose.plan_ids]).where('profile.is_active', '=', true);
  } else {
    const { provider_ids } = whose;
    query = query.where('subscriptions.profile_id', '=', whose.profile_id);
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
  return { ...page, results: page.results.map(openSubscription) };
}
