import { sql } from 'kysely';
import { selectUsers } from '#accounts';
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

/** Finds the number of users of each tag. */
export async function findTagCounts(reader: Reader): Promise<TagCount[]> {
  return selectTagCounts(reader).execute();
}

export const engagedUserList = defineList({
  search: {
    engagements: sql`array_to_string(engaged.tags, ' ')`,
    username: 'person.username',
    full_name: 'person.full_name',
  },
  sort: {},
  default_order: [{ column: 'engaged.seen_at', descending: true }],
  tie_breaker: 'engaged.user_id',
  date: 'engaged.seen_at',
});

/** A user with the tags that the user visited. */
export interface EngagedUser {
  readonly username: string;
  readonly full_name: string;
  /** In alphabetical order. */
  readonly visits: readonly FirstVisit[];
  readonly seen_at: Date;
}

export interface FirstVisit {
  readonly tag: string;
  readonly first_at: Date;
}

/** Lists users with the tags that they visited, most recent visit first. */
export async function listEngagedUsers(reader: Reader, list: ListQuery, url: URL): Promise<Page<EngagedUser>> {
  const engaged = reader
    .selectFrom('engagements')
    .select((eb) => [
      'user_id',
      sql<string[]>`array_agg(tag order by tag)`.as('tags'),
      // Texts: drivers differ in how they read arrays of instants.
      sql<string[]>`array_agg(created_at::text order by tag)`.as('first_at'),
      eb.fn.max('last_visited_at').as('seen_at'),
    ])
    .groupBy('user_id')
    .as('engaged');
  const page = await listPage(
    reader,
    reader
      .selectFrom(engaged)
      .innerJoin(selectUsers(reader).as('person'), 'person.id', 'engaged.user_id')
      .select(['person.username', 'person.full_name', 'engaged.tags', 'engaged.first_at', 'engaged.seen_at']),
    engagedUserList,
    list,
    url,
  );
  return {
    ...page,
    results: page.results.map(({ username, full_name, tags, first_at, seen_at }) => ({
      username,
      full_name: full_name ?? '',
      visits: tags.map((tag, index) => ({ tag, first_at: new Date(first_at[index] ?? seen_at) })),
      seen_at,
    })),
  };
}
