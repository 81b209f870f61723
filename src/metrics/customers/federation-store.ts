import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** Subscribers of a member of a federation, or of all of it. */
export interface MemberCounts {
  name: string;
  /** Profiles whose last subscription ended before the start. */
  removed: number;
  /** Profiles with a running subscription that began more than a year before the end. */
  invited: number;
  /** Profiles with a running subscription that began within the year before the end. */
  newly_invited: number;
}

/**
 * The members of the federation of a provider: profiles with a subscription to it that have plans themselves. Indexes:
 * subscriptions_plan_id, plans_profile_id.
 */
const members = (provider_id: ProfileId, at: Date) => sql`member as materialized (
    select distinct profile.id, coalesce(nullif(profile.full_name, ''), profile.slug) as name
    from plans plan join subscriptions subscription on subscription.plan_id = plan.id
      join profiles profile on profile.id = subscription.profile_id
    where plan.profile_id = ${provider_id} and subscription.ends_at >= ${at}
      and subscription.grant_key is null and subscription.request_key is null
      and exists (select from plans own where own.profile_id = profile.id)
  )`;

const counts = (from: Date, at: Date) => sql`
  count(*) filter (where ends_at < ${from}) as removed,
  count(*) filter (where is_running and begins_at < ${at}::timestamptz - interval '1 year') as invited,
  count(*) filter (where is_running and begins_at >= ${at}::timestamptz - interval '1 year') as newly_invited`;

/** Counts the subscribers of each member of the federation of a provider, by name, and last those of all of it. */
export async function countFederation(
  reader: Reader,
  { id, name }: { id: ProfileId; name: string },
  from: Date,
  at: Date,
): Promise<MemberCounts[]> {
  const { rows } = await sql<MemberCounts>`
    with ${members(id, at)}, subscribed as materialized (
      select plan.profile_id as member_id, subscription.profile_id, min(subscription.created_at) as begins_at,
        max(subscription.ends_at) as ends_at, bool_or(subscription.created_at < ${at} and subscription.ends_at >= ${at}) as is_running
      from plans plan join subscriptions subscription on subscription.plan_id = plan.id
      where (plan.profile_id = ${id} or plan.profile_id in (select id from member))
        and subscription.grant_key is null and subscription.request_key is null
      group by 1, 2
    ), whole as (
      select profile_id, min(begins_at) as begins_at, max(ends_at) as ends_at, bool_or(is_running) as is_running
      from subscribed group by 1
    )
    select name, removed, invited, newly_invited from (
      select member.name, member.id, 0 as place, coalesce(removed, 0) as removed, coalesce(invited, 0) as invited,
        coalesce(newly_invited, 0) as newly_invited
      from member left join (
        select member_id, ${counts(from, at)} from subscribed group by member_id
      ) as own on own.member_id = member.id
      union all
      select ${name}::text, 0, 1, ${counts(from, at)} from whole
    ) counted order by place, name, id`.execute(reader);
  return rows;
}

/** Counts the profiles by the number of their running subscriptions to members of the federation, ascending. */
export async function countShared(
  reader: Reader,
  provider_id: ProfileId,
  at: Date,
): Promise<{ subscriptions_count: number; profiles_count: number }[]> {
  const { rows } = await sql<{ subscriptions_count: number; profiles_count: number }>`
    with ${members(provider_id, at)}
    select subscriptions_count, count(*) as profiles_count from (
      select count(*) as subscriptions_count
      from plans plan join subscriptions subscription on subscription.plan_id = plan.id
      where plan.profile_id in (select id from member) and subscription.created_at <= ${at} and subscription.ends_at >= ${at}
        and subscription.grant_key is null and subscription.request_key is null
      group by subscription.profile_id
    ) shared group by 1 order by 1`.execute(reader);
  return rows;
}
