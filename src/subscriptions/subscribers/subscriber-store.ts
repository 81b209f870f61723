import { sql, type Expression } from 'kysely';
import { selectPlanIds } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { selectFirstSubscriberCount, selectSubscriberCount } from '../records/index.ts';
import { selectMatchingProfiles, selectProfileNames, selectProfilesSeen, type Seen } from '#profiles';

export const subscriberList = defineList({
  search: {
    slug: 'profile.slug',
    username: 'profile.slug',
    full_name: 'profile.full_name',
    first_name: 'profile.full_name',
    last_name: 'profile.full_name',
    email: 'profile.email',
    phone: 'profile.phone',
    street_address: 'profile.street_address',
    locality: 'profile.locality',
    region: 'profile.region',
    postal_code: 'profile.postal_code',
    country: 'profile.country',
  },
  sort: { full_name: 'profile.full_name', created_at: 'profile.created_at', slug: 'profile.slug' },
  default_order: [{ column: 'profile.full_name', descending: false }],
  tie_breaker: 'profile.id',
  candidates: selectMatchingProfiles,
});

/** Selects subscribers by provider and time: `active` at `at`, or `all` that have or had a subscription. */
export interface SubscriberFilter {
  provider_id: ProfileId;
  span: 'active' | 'all';
  at: Date;
}

/**
 * Lists the profiles that have or had a subscription to a plan of the provider. `start_at` and `ends_at` restrict it to
 * profiles with such a subscription that overlaps the period.
 */
export async function listSubscribers(
  reader: Reader,
  filter: SubscriberFilter,
  list: ListQuery,
  url: URL,
): Promise<Page<{ id: ProfileId }>> {
  const count = countOf(reader, filter, list);
  return listPage(reader, selectSubscribers(reader, filter, list), subscriberList, list, url, { count });
}

/** Counts the subscribers without reading them; null for a period that only the rows can decide. */
function countOf(reader: Reader, { provider_id, span, at }: SubscriberFilter, { start_at, ends_at }: ListQuery) {
  const plans = selectPlanIds(reader, provider_id);
  if (start_at) return null;
  if (span === 'all') return ends_at && selectFirstSubscriberCount(provider_id, plans, ends_at);
  return ends_at && ends_at > at ? selectSubscriberCount(provider_id, plans, at) : null;
}

/** Lists the active subscribers of a provider for which no member signed in within the period `seen`. */
export async function listUnengaged(
  reader: Reader,
  filter: { provider_id: ProfileId; at: Date; seen: Seen },
  list: ListQuery,
  url: URL,
): Promise<Page<{ id: ProfileId }>> {
  const { provider_id, at, seen } = filter;
  const unbounded = { ...list, start_at: null, ends_at: null };
  const subscribers = selectSubscribers(reader, { provider_id, at, span: 'active' }, unbounded);
  const engaged = selectProfilesSeen(reader, seen);
  const query = subscribers.where('profile.id', 'not in', engaged);
  // Those with a sign-in are found by the sign-ins (index users_last_login_at), and the others are not read.
  const count = sql<{
    count: number;
  }>`select (${selectSubscriberCount(provider_id, selectPlanIds(reader, provider_id), at)})
    - (select count(*) from ${subscribers.where('profile.id', 'in', engaged)} as seen) as count`;
  return listPage(reader, query, subscriberList, unbounded, url, { count });
}

/** Returns a query for the ids of the active subscribers of a provider. */
export function selectActiveSubscribers(reader: Reader, provider_id: ProfileId, at: Date): Expression<ProfileId> {
  const bounds = { start_at: null, ends_at: null };
  return sql<ProfileId>`${selectSubscribers(reader, { provider_id, at, span: 'active' }, bounds)}`;
}

function selectSubscribers(reader: Reader, filter: SubscriberFilter, list: Pick<ListQuery, 'start_at' | 'ends_at'>) {
  // Spans exclude grants that wait: a provider could otherwise read the members of any profile by granting it a plan.
  let spans = reader
    .selectFrom('subscriber_spans')
    .select('subscriber_spans.profile_id')
    .$castTo<{ profile_id: ProfileId }>()
    .where('subscriber_spans.provider_id', '=', filter.provider_id);
  if (filter.span === 'active') {
    spans = spans
      .where('subscriber_spans.starts_at', '<=', filter.at)
      .where('subscriber_spans.ends_at', '>', filter.at);
  }
  if (list.start_at) spans = spans.where('subscriber_spans.ends_at', '>=', list.start_at);
  if (list.ends_at) spans = spans.where('subscriber_spans.starts_at', '<', list.ends_at);
  return reader
    .selectFrom(selectProfileNames(reader).as('profile'))
    .select('profile.id')
    .where('profile.is_active', '=', true)
    .where('profile.id', 'in', spans);
}
