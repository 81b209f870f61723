import { sql } from 'kysely';
import type pg from 'pg';
import type { Tx } from '../db/database.ts';
import type { ChangeKind } from './tag.ts';

/** State of the database at one read of the changes, and the changes since an earlier one. */
export interface ChangesRead {
  /** `pg_snapshot` of the read. */
  snapshot: string;
  /** Start of the server process, which differs between servers. */
  server: string;
  /** Tags of the changes, at most `CHANGES_MAX` + 1. */
  tags: readonly string[];
}

export const CHANGES_MAX = 10_000;

/**
 * Exactly the changes between two snapshots: rows of transactions that the earlier one did not see. Ids and transaction
 * ids become visible in any order, so that neither is a position.
 *
 * Without an earlier snapshot there are no rows. Index: changes_pkey (xid, id). The limit prevents a plan that reads
 * the whole table. A subquery returns the snapshot, so that the plan does not depend on it: the server makes it once
 * per connection.
 */
const text = `select pg_current_snapshot()::text as snapshot, pg_postmaster_start_time()::text as server,
    array(
      select kind || ':' || subject from changes
       where xid >= pg_snapshot_xmin((select $1::pg_snapshot))
         and not pg_visible_in_snapshot(xid, (select $1::pg_snapshot))
       order by xid, id limit ${CHANGES_MAX + 1}
    ) as tags`;

/** Marks statements of the follower that no request waits for. */
export const BACKGROUND = '/* facts */ ';

/** Reads after a write of this process, which waits for it. */
export function changesSince(snapshot: string | null): pg.QueryConfig {
  return { name: 'changes_since', text, values: [snapshot] };
}

/** The same read at an interval or upon a notification. */
export function changesPolled(snapshot: string | null): pg.QueryConfig {
  return { name: 'changes_polled', text: BACKGROUND + text, values: [snapshot] };
}

export const CHANNEL = 'tollgate_changes';
/** Without waiting for the disk: a notification that is lost is a hint that is lost, and its lock is held shorter. */
export const LISTEN = `${BACKGROUND}set synchronous_commit = off; listen ${CHANNEL}`;
export const NOTIFY = `${BACKGROUND}notify ${CHANNEL}`;

export function parseChanges(result: unknown): ChangesRead {
  const [row] = (result as pg.QueryResult<ChangesRead>).rows; // the statement above has these columns
  if (!row) throw new Error('the read of the changes returned no row');
  return row;
}

/**
 * Inserts a change of a fact whose table has no trigger, in the transaction that makes it. The next request of this
 * process sees it, because the statement is a watched write.
 */
export async function noteChange(tx: Tx, kind: ChangeKind, subject: string | number): Promise<void> {
  await sql`insert into changes (kind, subject) values (${kind}, ${String(subject)})`.execute(tx);
}

/** Deletes changes that are older than an hour by the clock of the database; returns how many. */
export async function deleteOldChanges(tx: Tx, rows_max: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with oldest as (select xid, id from changes order by xid, id limit ${rows_max}),
    deleted as (
      delete from changes using oldest
       where changes.xid = oldest.xid and changes.id = oldest.id
         and changes.created_at < clock_timestamp() - interval '1 hour'
      returning 1
    )
    select count(*) from deleted`.execute(tx);
  return rows[0]?.count ?? 0;
}
