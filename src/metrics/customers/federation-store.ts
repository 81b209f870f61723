import { sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';

/** Subscribers of a member of a federation, or of all of it. */
export interface MemberCounts {
  /** Null for the whole federation. */
  slug: string | null;
  name: string;
  /** Profiles whose last subscription ended before the start. */
  removed: number;
  /** Profiles with a running subscription that began more than a year before the end. */
  invited: number;
  /** Profiles with a running subscription that began within the year before the end. */
  newly_invited: number;
}

/**
 * The members of the federation of a provider: profiles with a subscription to it that have plans themselves. There
 * are few sellers among the subscribers. Indexes: plans_profile_id, subscriptions_profile_id.
 */
const members = (provider_id: ProfileId, at: Date) => sql`member as materialized (
    select profile.id, profile.slug, coalesce(nullif(profile.full_name, ''), profile.slug) as name
    from (select distinct profile_id as id from plans) seller join profiles profile on profile.id = seller.id
    where exists (
      select from subscriptions subscription join plans plan on plan.id = subscription.plan_id
      where subscription.profile_id = seller.id and plan.profile_id = ${provider_id} and subscription.ends_at >= ${at}
        and subscription.grant_key is null and subscription.request_key is null)
  )`;

/**
 * True if the steps of a provider are those of its members at the instant (`metric_federation_members`), and are
 * computed, except for a few subscribers.
 */
const isStored = (provider_id: ProfileId) => sql`stored as materialized (
    select are_metric_steps_recent()
      and exists (select from metric_federation_members where provider_id = ${provider_id})
      and not exists (
        select from member full join (
          select seller_id as id from metric_federation_members where provider_id = ${provider_id} and is_member
        ) followed using (id) where member.name is null or followed.id is null) as is_stored
  )`;

/** True if the rows are counted, because their numbers are not stored. */
const isCounted = sql`not (select is_stored from stored)`;

/** Numbers of subscribers by kind and key; none unless they are stored. */
const stepsAt = (provider_id: ProfileId, kinds: readonly string[], instants: readonly Date[]) =>
  sql`(select steps.* from stored cross join lateral count_metric_steps(
      ${provider_id}, ${[...kinds]}::text[], ${instants.map((at) => at.toISOString())}::timestamptz[]
    ) as steps where is_stored)`;

/** Profiles by their subscriptions to one member, or to all of the federation. */
export const member_states = ['removed', 'invited', 'newly_invited'] as const;
export type MemberState = (typeof member_states)[number];

/** Condition of a state on `ends_at`, `begins_at` and `is_running` of a profile. */
function isIn(state: MemberState, from: Date, at: Date) {
  if (state === 'removed') return sql<boolean>`ends_at < ${from}`;
  const is_new = sql`(begins_at at time zone 'UTC' + interval '1 year') at time zone 'UTC' >= ${at}`;
  return state === 'invited' ? sql<boolean>`is_running and not ${is_new}` : sql<boolean>`is_running and ${is_new}`;
}

const counts = (from: Date, at: Date) =>
  sql.join(member_states.map((state) => sql`count(*) filter (where ${isIn(state, from, at)}) as ${sql.ref(state)}`));

/** Agreed subscriptions to plans of the provider and of its members, by seller and subscriber. */
const subscribed = (provider_id: ProfileId, at: Date) => sql`subscribed as materialized (
    select plan.profile_id as member_id, subscription.profile_id, min(subscription.created_at) as begins_at,
      max(subscription.ends_at) as ends_at, bool_or(subscription.created_at < ${at} and subscription.ends_at >= ${at}) as is_running
    from plans plan join subscriptions subscription on subscription.plan_id = plan.id
    where (plan.profile_id = ${provider_id} or plan.profile_id in (select id from member))
      and subscription.grant_key is null and subscription.request_key is null
    group by 1, 2
  )`;

/** Agreed subscriptions to plans of members that run at an instant, by subscriber. */
const shared = (at: Date) => sql`shared as materialized (
    select subscription.profile_id, count(*) as subscriptions_count, min(subscription.created_at) as begins_at,
      max(subscription.ends_at) as ends_at
    from plans plan join subscriptions subscription on subscription.plan_id = plan.id
    where plan.profile_id in (select id from member) and subscription.created_at <= ${at} and subscription.ends_at >= ${at}
      and subscription.grant_key is null and subscription.request_key is null
    group by subscription.profile_id
  )`;

/**
 * Counts the subscribers of each member of the federation of a provider, by name, and last those of all of it.
 *
 * The steps that follow the subscriptions have the numbers for the present members. At an instant with other members
 * the subscribers are counted: the server reads `subscribed` in that case only.
 */
export async function countFederation(
  reader: Reader,
  { id, name }: { id: ProfileId; name: string },
  from: Date,
  at: Date,
): Promise<MemberCounts[]> {
  const { rows } = await sql<MemberCounts>`
    with ${members(id, at)}, ${isStored(id)}, ${subscribed(id, at)}, whole as (
      select profile_id, min(begins_at) as begins_at, max(ends_at) as ends_at, bool_or(is_running) as is_running
      from subscribed group by 1
    ), sums as (
      select key, coalesce(sum(subjects_count) filter (where kind = 'removed'), 0)::bigint as removed,
        coalesce(sum(subjects_count) filter (where kind = 'running'), 0)::bigint as running,
        coalesce(sum(subjects_count) filter (where kind = 'new'), 0)::bigint as newly_invited
      from ${stepsAt(id, ['removed', 'running', 'new'], [from, at, at])} as steps group by key
    ), counted as (
      select key, removed, running - newly_invited as invited, newly_invited from sums
      union all
      select member_id, ${counts(from, at)} from subscribed where ${isCounted} group by member_id
      union all
      select 0, ${counts(from, at)} from whole where ${isCounted}
    )
    select slug, name, coalesce(sum(removed), 0)::bigint as removed, coalesce(sum(invited), 0)::bigint as invited,
      coalesce(sum(newly_invited), 0)::bigint as newly_invited
    from (select id, slug, name, 0 as place from member union all select 0, null, ${name}::text, 1) named
      left join counted on counted.key = named.id
    group by id, slug, name, place order by place, name, id`.execute(reader);
  return rows;
}

/** Counts the profiles by the number of their running subscriptions to members of the federation, ascending. */
export async function countShared(
  reader: Reader,
  provider_id: ProfileId,
  at: Date,
): Promise<{ subscriptions_count: number; profiles_count: number }[]> {
  const { rows } = await sql<{ subscriptions_count: number; profiles_count: number }>`
    with ${members(provider_id, at)}, ${isStored(provider_id)}, ${shared(at)}
    select key as subscriptions_count, subjects_count as profiles_count from ${stepsAt(provider_id, ['shared'], [at])} as steps
    union all
    select subscriptions_count, count(*) from shared where ${isCounted} group by 1
    order by 1`.execute(reader);
  return rows;
}

/** A point of the reports of a federation: of one member, of all of it, or of a number of subscriptions to members. */
export type FederationPoint = { provider_id: ProfileId; from: Date; at: Date } & (
  | { state: MemberState; member: string | null }
  | { state: 'shared'; subscriptions_count: number }
);

/** A profile behind a point. */
export interface FederatedProfile {
  profile_id: ProfileId;
  /** True if each subscription that is counted is to a plan of the provider itself. */
  is_own: boolean;
  begins_at: Date;
  ends_at: Date;
}

export const federatedProfileList = defineList({
  search: {},
  sort: { begins_at: 'counted.begins_at', ends_at: 'counted.ends_at' },
  default_order: [{ column: 'counted.begins_at', descending: true }],
  tie_breaker: 'counted.profile_id',
});

/** Lists the profiles that a point counts. Indexes: subscriptions_plan_id, plans_profile_id. */
export async function listFederatedProfiles(
  reader: Reader,
  point: FederationPoint,
  list: ListQuery,
  url: URL,
): Promise<Page<FederatedProfile>> {
  const { provider_id, from, at } = point;
  const counted =
    point.state === 'shared'
      ? sql<FederatedProfile>`(with ${members(provider_id, at)}, ${shared(at)}
          select profile_id, false as is_own, begins_at, ends_at from shared
          where subscriptions_count = ${point.subscriptions_count})`
      : sql<FederatedProfile>`(with ${members(provider_id, at)}, ${subscribed(provider_id, at)}, counted as (
          select profile_id, bool_and(member_id = ${provider_id}) as is_own, min(begins_at) as begins_at,
            max(ends_at) as ends_at, bool_or(is_running) as is_running
          from subscribed
          where ${point.member}::text is null or member_id in (select id from member where slug = ${point.member})
          group by profile_id
        )
        select profile_id, is_own, begins_at, ends_at from counted where ${isIn(point.state, from, at)})`;
  const query = reader
    .selectFrom(counted.as('counted'))
    .select(['counted.profile_id', 'counted.is_own', 'counted.begins_at', 'counted.ends_at']);
  return listPage(reader, query, federatedProfileList, { ...list, start_at: null, ends_at: null }, url);
}
