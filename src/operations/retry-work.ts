import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { OutboxEventId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { type FailedWork, lockFailedWork, lockParkedWork, releaseParkedWork } from '#platform/jobs/work-store';
import { operationProblems } from './problems.ts';
import { insertRetries } from './retry-store.ts';

/** Rows of one transaction. */
const BATCH = 500;

/**
 * Makes parked work due again and records who did so. The worker then attempts it up to ten times.
 *
 * Locks: the row of the outbox.
 * @throws failed_work_unknown (404), work_not_parked (409)
 */
export async function retryWork(ctx: Context, id: OutboxEventId): Promise<FailedWork> {
  return inTransaction(ctx.db, async (tx) => {
    const work = await lockFailedWork(tx, id);
    if (!work) throw operationProblems.failed_work_unknown();
    if (work.state !== 'parked') throw operationProblems.work_not_parked();
    const at = ctx.clock.now();
    await releaseParkedWork(tx, [id], at);
    await insertRetries(tx, [work], { by: actorId(ctx), at });
    return work;
  });
}

/** Makes all parked work due again, as `retryWork` does; returns how many rows. Locks: the rows, by id. */
export async function retryAllWork(ctx: Context): Promise<number> {
  for (let count = 0; ;) {
    const released_count = await inTransaction(ctx.db, async (tx) => {
      const work = await lockParkedWork(tx, BATCH);
      const at = ctx.clock.now();
      const ids = work.map(({ id }) => id);
      await releaseParkedWork(tx, ids, at);
      await insertRetries(tx, work, { by: actorId(ctx), at });
      return work.length;
    });
    count += released_count;
    if (released_count < BATCH) return count;
  }
}
