import { sql } from 'kysely';
import type pg from 'pg';
import type { Tx } from '../db/database.ts';

/** Requests of one account or network in one minute. */
export interface RequestCount {
  key: string;
  /** Minutes since 1970. */
  minute: number;
  requests_count: number;
}

/** Adds counts to the sums of all nodes and returns the new sums, in one statement. */
export async function addRequestCounts(pool: pg.Pool, counts: readonly RequestCount[]): Promise<RequestCount[]> {
  // Same order of locks on every node, so that two nodes cannot deadlock.
  const sorted = counts.toSorted((a, b) => a.minute - b.minute || (a.key < b.key ? -1 : 1));
  const { rows } = await pool.query<RequestCount>({
    name: 'request_counts:add',
    text: `insert into request_counts as held (key, minute, requests_count)
      select * from unnest($1::text[], $2::integer[], $3::integer[])
      on conflict (key, minute) do update set requests_count = held.requests_count + excluded.requests_count
      returning key, minute, requests_count`,
    values: [
      sorted.map((each) => each.key),
      sorted.map((each) => each.minute),
      sorted.map((each) => each.requests_count),
    ],
  });
  return rows;
}

/** Deletes counts of minutes that have ended; by index request_counts_minute. */
export async function deleteRequestCounts(tx: Tx, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('request_counts')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('key', 'minute'),
        'in',
        selectFrom('request_counts')
          .select(['key', 'minute'])
          .where('minute', '<', sql<number>`(extract(epoch from now()) / 60)::integer - 2`)
          .orderBy('minute')
          .limit(rows_max)
          .$asTuple('key', 'minute'),
      ),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
