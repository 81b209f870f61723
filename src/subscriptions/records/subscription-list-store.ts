import { type Expression, type RawBuilder, sql, type SqlBool } from 'kysely';
import { plan_keys, selectNamedPlans, selectPlanNames } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import type { TextMatch } from '#platform/lists/list-search';
import { readOverRows } from '#platform/lists/list-searched';
import { profile_keys, selectMatchingProfiles, selectProfileNames } from '#profiles';
import { type SpanAt, selectSubscriptionCount } from './subscription-count-store.ts';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/**
 * Selection by party: the subscriptions of a profile, optionally to plans of some providers only, or the subscriptions
 * to a provider's plans.
 */
export type SubscriptionParty =
  | { profile_id: ProfileId; provider_ids?: readonly ProfileId[] }
  | { plans: Expression<{ id: PlanId }> };

/** Column for searches, null until the subscriber accepted: a pending grant discloses no data of the profile. */
const ifAgreed = (column: string) =>
  sql`case when subscriptions.grant_key is null or profile.invited_email is not null then ${sql.ref(column)} end`;
/** Rows for which `ifAgreed` is null. Index: subscriptions_waiting. */
const is_undisclosed = sql<SqlBool>`subscriptions.grant_key is not null and profile.invited_email is null`;

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

/** The lists of a provider. A search of the subscriptions of one profile reads all of them. */
const providerSearch = {
  ...subscriptionList,
  candidates: (matches: TextMatch) => sql`
    select subscriptions.id from subscriptions where subscriptions.profile_id in (${selectMatchingProfiles(matches)})
    union all
    select subscriptions.id from subscriptions where subscriptions.plan_id in (${selectNamedPlans(matches)})`,
} as const;

/** Sort fields of the subscriber, in the order of the profiles. Index: subscriptions_profile_id. */
const by_subscriber = Object.fromEntries(
  Object.entries(profile_keys).map(([field, keys]) => [
    field === 'slug' ? 'profile' : `profile__${field}`,
    [
      {
        keys,
        scope: 'subscriptions.profile_id',
        is_unique: field === 'slug',
        ...(field === 'slug' || field === 'full_name' ? {} : { unknown: is_undisclosed }),
      },
    ],
  ]),
);

/** The list of a provider, who may have very many subscriptions to one plan. */
function providerList(plans: Expression<{ id: PlanId }>) {
  const each_plan = [{ keys: sql`${plans}`, scope: 'subscriptions.plan_id', is_merged: true }];
  return {
    ...providerSearch,
    grouped: {
      ...by_subscriber,
      // Index: subscriptions_plan_id.
      plan: [{ keys: plan_keys.slug, scope: 'subscriptions.plan_id' }],
      plan__title: [{ keys: plan_keys.title, scope: 'subscriptions.plan_id' }],
      ends_at: each_plan,
      // Index: subscriptions_plan_created_at.
      created_at: each_plan,
    },
  } as const;
}

/** Selection by time, and by what a page of a provider asks for besides. */
export interface ListedSpan extends SpanAt {
  /** True: only requests that wait for the provider. */
  is_requested?: boolean;
  /** Only those that began before this instant. */
  begun_before?: Date | null;
}

export type StateCounts = Record<'all' | 'active' | 'ended' | 'requested', number>;

/**
 * Counts the subscriptions to plans of a provider by state, with the search and the dates of a list. Without them it
 * reads the numbers by day, not the subscriptions.
 */
export async function countByState(
  reader: Reader,
  plans: Expression<{ id: PlanId }>,
  at: Date,
  list: ListQuery,
): Promise<StateCounts> {
  const { terms, start_at, ends_at } = list;
  const rows = selectProvided(reader, plans);
  if (terms.length === 0 && !start_at && !ends_at) {
    const counted = (span: SpanAt['span']) =>
      sql<number>`(select count from (${selectSubscriptionCount(reader, plans, { span, at })}) as counted)`;
    // Index: subscriptions_plan_id.
    const requested = rows
      .select(sql<number>`count(*)`.as('count'))
      .where('subscriptions.request_key', 'is not', null)
      .where('subscriptions.ends_at', '>', at);
    return reader
      .selectNoFrom([
        counted('all').as('all'),
        counted('active').as('active'),
        counted('ended').as('ended'),
        sql<number>`(${requested})`.as('requested'),
      ])
      .executeTakeFirstOrThrow();
  }
  const begun = sql`subscriptions.created_at`;
  const ended = sql`subscriptions.ends_at`;
  const within = (column: RawBuilder<unknown>) =>
    sql`${start_at ? sql`${column} >= ${start_at}` : sql`true`} and ${ends_at ? sql`${column} < ${ends_at}` : sql`true`}`;
  const overlaps = sql`${start_at ? sql`${ended} >= ${start_at}` : sql`true`}
    and ${ends_at ? sql`${begun} < ${ends_at}` : sql`true`}`;
  const runs = sql`${begun} <= ${at} and ${ended} > ${at} and ${within(begun)}`;
  const count = (condition: RawBuilder<unknown>) => sql<number>`count(*) filter (where ${condition})`;
  const [counts] = await readOverRows(reader, rows, providerSearch, list, (found) =>
    found
      .clearSelect()
      .select([
        count(overlaps).as('all'),
        count(runs).as('active'),
        count(sql`${ended} <= ${at} and ${within(ended)}`).as('ended'),
        count(sql`subscriptions.request_key is not null and ${runs}`).as('requested'),
      ]),
  );
  return counts ?? { all: 0, active: 0, ended: 0, requested: 0 };
}

/** Selects the subscriptions of active profiles to plans, with the names by which they are searched. */
function selectProvided(reader: Reader, plans: Expression<{ id: PlanId }>) {
  return reader
    .selectFrom('subscriptions')
    .innerJoin(selectProfileNames(reader).as('profile'), 'profile.id', 'subscriptions.profile_id')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .where(sql<boolean>`subscriptions.plan_id in ${plans}`)
    .where('profile.is_active', '=', true);
}

/** Lists subscriptions, waiting ones included. A list for a provider excludes archived subscribers. */
export async function listSubscriptions(
  reader: Reader,
  party: SubscriptionParty,
  span: ListedSpan,
  list: ListQuery,
  url: URL,
): Promise<Page<Subscription>> {
  let query = reader
    .selectFrom('subscriptions')
    .innerJoin(selectProfileNames(reader).as('profile'), 'profile.id', 'subscriptions.profile_id')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .selectAll('subscriptions');
  if ('plans' in party) {
    query = query.where(sql<boolean>`subscriptions.plan_id in ${party.plans}`).where('profile.is_active', '=', true);
  } else {
    const { provider_ids } = party;
    query = query.where('subscriptions.profile_id', '=', party.profile_id);
    if (provider_ids) query = query.where((eb) => eb('plan.profile_id', '=', eb.fn.any(eb.val([...provider_ids]))));
  }
  if (span.is_requested) query = query.where('subscriptions.request_key', 'is not', null);
  if (span.begun_before) query = query.where('subscriptions.created_at', '<', span.begun_before);
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
  if (!('plans' in party)) {
    const page = await listPage(reader, query, subscriptionList, list, url);
    return { ...page, results: page.results.map(readSubscription) };
  }
  const is_bounded = start_at !== null || (ends_at !== null && span.span !== 'active');
  const is_counted = !is_bounded && !span.is_requested && !span.begun_before;
  const count = is_counted ? selectSubscriptionCount(reader, party.plans, span) : null;
  const page = await listPage(reader, query, providerList(party.plans), list, url, { count });
  return { ...page, results: page.results.map(readSubscription) };
}
