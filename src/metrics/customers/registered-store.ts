import { type RawBuilder, sql } from 'kysely';
import { selectUsers, type User } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { readBatches } from '#platform/lists/read-batches';
import { SITE } from '../sum-store.ts';

const last_name = sql<string>`substring(member.full_name from position(' ' in member.full_name) + 1)`;

export const registeredList = defineList({
  search: {
    username: 'member.username',
    first_name: 'member.full_name',
    last_name: 'member.full_name',
    email: 'member.email',
    slug: 'member.username',
    full_name: 'member.full_name',
  },
  sort: { first_name: 'member.full_name', last_name, email: 'member.email', created_at: 'member.created_at' },
  default_order: [{ column: 'member.full_name', descending: false }],
  tie_breaker: 'member.id',
  date: 'member.created_at',
});

/**
 * Lists the users without a role on a profile that has, or had, an agreed subscription which began before `before`.
 * The bounds of the list are those of the registration.
 */
export async function listRegistered(reader: Reader, before: Date, list: ListQuery, url: URL): Promise<Page<User>> {
  return listPage(reader, selectRegistered(reader, before), registeredList, list, url, {
    count: countRegistered(reader, before, list),
    ...firstByName(reader, before, list),
  });
}

/** True for the list of all users who are registered at its end. */
const isWhole = (before: Date, { start_at, ends_at }: ListQuery) =>
  start_at === null && ends_at?.getTime() === before.getTime();

/**
 * The first users by name from those who are registered and stay so, in the order of an index. Users who left after
 * `before`, and those that wait for the job, may be among them, too. Indexes: metric_registered_users_name,
 * metric_steps_at.
 */
function firstByName(reader: Reader, before: Date, list: ListQuery) {
  if (!isWhole(before, list) || list.order.length > 0 || list.terms.length > 0) return {};
  const pending = sql`select subject_id from pending_metric_steps() as pending where scope_id = ${SITE}`;
  const candidates = sql<UserId>`(
    (select user_id from metric_registered_users where created_at < ${before} and user_id not in (${pending})
      order by full_name, user_id limit ${list.page * list.page_size})
    union
    select subject_id from metric_steps where scope_id = ${SITE} and kind = 'registered' and at > ${before} and change < 0
    union
    ${pending})`;
  return {
    first: selectRegistered(reader, before)
      .where('member.created_at', '<', before)
      .where('member.id', 'in', candidates),
  };
}

/**
 * Number of the users who are registered and have no subscription before `before`, which is the end of the list too:
 * by the steps that follow the users, or by the users while many steps are not computed yet. Null for another end, or
 * for those registered since an instant.
 */
function countRegistered(reader: Reader, before: Date, list: ListQuery): RawBuilder<{ count: number }> | null {
  if (!isWhole(before, list)) return null;
  const rows = selectRegistered(reader, before).where('member.created_at', '<', before);
  return sql<{ count: number }>`select case when are_metric_steps_recent() then (
      select coalesce(sum(subjects_count), 0)::bigint
      from count_metric_steps(${SITE}, array['registered'], array[${before}::timestamptz])
    ) else (select count(*) from (${rows}) as member) end as count`;
}

/** Yields all users of `listRegistered` in batches. */
export function readRegistered(reader: Reader, before: Date, list: ListQuery): AsyncGenerator<User[]> {
  return readBatches(reader, selectRegistered(reader, before), registeredList, list);
}

function selectRegistered(reader: Reader, before: Date) {
  // Indexes: roles_user_id, subscriptions_profile_id.
  return reader
    .selectFrom(selectUsers(reader).as('member'))
    .selectAll('member')
    .where('member.is_active', '=', true)
    .where(
      sql<boolean>`not exists (
        select from roles role join subscriptions subscription on subscription.profile_id = role.profile_id
        where role.user_id = member.id and role.grant_key is null and role.request_key is null
          and subscription.grant_key is null and subscription.request_key is null and subscription.created_at < ${before})`,
    );
}
