import type { Database } from '../db/database.ts';

/**
 * Time by which the queue's own limit exceeds the limit that the process enforces. A job that is still active between
 * the two lost its process, since a live process would have reported a failure.
 */
export const CUT_MARGIN_S = 240;
const GRACE_S = 15;

/**
 * Returns jobs that ended with their process to the queue without counting an attempt. The queue counts one when it claims
 * a job that has `started_on`.
 *
 * With an embedded database and `at_start`, every active job belongs to an earlier process.
 */
export async function releaseCutJobs(
  database: Database,
  names: readonly string[],
  { at_start }: { at_start: boolean },
): Promise<number> {
  const { rows } = await database.executeSql(
    `update pgboss.job set state = 'created', started_on = null, heartbeat_on = null
      where state = 'active' and name = any($1)
        and ($2 or started_on + (expire_seconds - $3::int) * interval '1 s' < now())
      returning id`,
    [[...names], at_start && database.kind === 'pglite', CUT_MARGIN_S - GRACE_S],
  );
  return rows.length;
}
