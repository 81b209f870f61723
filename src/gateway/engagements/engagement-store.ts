import { sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader, Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import type { Visits } from './engagement.ts';

export interface NewVisit {
  readonly user_id: UserId;
  readonly tag: string;
  readonly at: Date;
}

/** Finds the last visit of a user by tag. Index: unique (user_id, tag). */
export async function findVisits(reader: Reader, user_id: UserId): Promise<Visits> {
  const rows = await reader
    .selectFrom('engagements')
    .select(['tag', 'last_visited_at'])
    .where('user_id', '=', user_id)
    .execute();
  return new Map(rows.map(({ tag, last_visited_at }) => [tag, last_visited_at]));
}

/** Upserts visits; the latest visit of a user and tag remains. */
export async function upsertVisits(tx: Tx, visits: readonly NewVisit[]): Promise<void> {
  if (visits.length === 0) return;
  await tx
    .insertInto('engagements')
    .values(visits.map(({ user_id, tag, at }) => ({ user_id, tag, created_at: at, last_visited_at: at })))
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'tag']).doUpdateSet({
        last_visited_at: sql`greatest(engagements.last_visited_at, excluded.last_visited_at)`,
      }),
    )
    .execute();
}

export interface TagCount {
  slug: string;
  count: number;
}

/** Selects the number of users of each tag. */
export function selectTagCounts(reader: Reader) {
  return reader
    .selectFrom('engagements')
    .select((eb) => ['tag as slug', eb.fn.countAll<number>().as('count')])
    .groupBy('tag')
    .orderBy('tag');
}

export const engagedUserList = defineList({
  search: { engagements: sql`array_to_string(engaged.tags, ' ')` },
  sort: {},
  default_order: [{ column: 'engaged.seen_at', descending: true }],
  tie_breaker: 'engaged.user_id',
  date: 'engaged.seen_at',
});

/** Lists users with the tags that they used, most recent visit first. */
export async function listEngagedUsers(
  reader: Reader,
  list: ListQuery,
  url: URL,
): Promise<Page<{ user_id: UserId; tags: string[] }>> {
  const engaged = reader
    .selectFrom('engagements')
    .select((eb) => [
      'user_id',
      sql<string[]>`array_agg(distinct tag order by tag)`.as('tags'),
      eb.fn.max('last_visited_at').as('seen_at'),
    ])
    .groupBy('user_id')
    .as('engaged');
  const page = await listPage(
    reader,
    reader.selectFrom(engaged).select(['engaged.user_id', 'engaged.tags']),
    engagedUserList,
    list,
    url,
  );
  return page;
}
