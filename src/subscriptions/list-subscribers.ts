import { sql, type Expression } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage, pageOfAll } from '#platform/db/list';
import { selectProfileNames, selectProfilesSeen, type Seen } from '#profiles';

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
});

/**
 * Lists the profiles that subscribe, or ever subscribed, to some plans. `start_at` and `ends_at` narrow it to those with a
 * subscription that meets that period. Only subscriptions to these very plans count.
 */
export async function listSubscribers(
  reader: Reader,
  who: { plan_ids: readonly PlanId[]; span: 'active' | 'all'; at: Date },
  list: ListQuery,
  url: URL,
): Promise<Page<{ id: ProfileId }>> {
  if (who.plan_ids.length === 0) return pageOfAll([], list, url);
  return listPage(selectSubscribers(reader, who, list), subscriberList, list, url);
}

/** Lists the running subscribers of some plans on whose behalf nobody signed in within a time. */
export async function listUnengaged(
  reader: Reader,
  who: { plan_ids: readonly PlanId[]; at: Date; seen: Seen },
  list: ListQuery,
  url: URL,
): Promise<Page<{ id: ProfileId }>> {
  const { plan_ids, at, seen } = who;
  const unbounded = { ...list, start_at: null, ends_at: null };
  const query = selectSubscribers(reader, { plan_ids, at, span: 'active' }, unbounded).where(
    'profile.id',
    'not in',
    selectProfilesSeen(reader, seen),
  );
  return listPage(query, subscriberList, unbounded, url);
}

/** The ids of the running subscribers of some plans, as a query. */
export function runningSubscribers(reader: Reader, plan_ids: readonly PlanId[], at: Date): Expression<ProfileId> {
  const bounds = { start_at: null, ends_at: null };
  return sql<ProfileId>`${selectSubscribers(reader, { plan_ids, at, span: 'active' }, bounds)}`;
}

function selectSubscribers(
  reader: Reader,
  who: { plan_ids: readonly PlanId[]; span: 'active' | 'all'; at: Date },
  list: Pick<ListQuery, 'start_at' | 'ends_at'>,
) {
  return reader
    .selectFrom(selectProfileNames(reader).as('profile'))
    .select('profile.id')
    .where('profile.is_active', '=', true)
    .where((eb) => {
      let held = eb
        .selectFrom('subscriptions')
        .select('subscriptions.id')
        .whereRef('subscriptions.profile_id', '=', 'profile.id')
        .where('subscriptions.plan_id', '=', eb.fn.any(eb.val([...who.plan_ids])))
        // An offer makes no subscriber: its provider would read who the members of any profile are.
        .where('subscriptions.grant_key', 'is', null);
      if (who.span === 'active') {
        held = held.where('subscriptions.created_at', '<=', who.at).where('subscriptions.ends_at', '>', who.at);
      }
      if (list.start_at) held = held.where('subscriptions.ends_at', '>=', list.start_at);
      if (list.ends_at) held = held.where('subscriptions.created_at', '<', list.ends_at);
      return eb.exists(held);
    });
}
