import type { KyselyPlugin } from 'kysely';
import type { Context } from '#platform/context';
import type { Db } from '#platform/db/database';
import type { AnyJob } from '#platform/jobs/jobs';
import type { FaultPlan } from './faults.ts';

/**
 * Wraps jobs so that the processes of some runs end half-way, and others run on two nodes, one after the other or at
 * the same time. On a server, runs at the same time have connections of their own; a PGlite gives them its connection
 * in turn, transaction by transaction.
 */
export function withJobFaults(jobs: readonly AnyJob[], plan: FaultPlan): AnyJob[] {
  return jobs.map((job) => ({
    ...job,
    async run(ctx, payload, at) {
      const fault = job.schedule === undefined ? null : plan.drawJob();
      if (fault === 'twice') await job.run(ctx, payload, at);
      if (fault === 'together') await runOnTwoNodes(() => job.run(ctx, payload, at), plan);
      if (fault === 'cut') {
        const cut = { ...ctx, db: cutAfter(ctx.db, plan.drawStatements()) };
        // The process ended: nothing is known of its run. The next node runs the occurrence again.
        await job.run(cut, payload, at).catch(() => {});
      }
      await job.run(ctx, payload, at);
    },
  }));
}

/** Runs a job twice at the same time; rejects if one of the runs does, after both ended. */
async function runOnTwoNodes(run: () => Promise<void>, plan: FaultPlan): Promise<void> {
  const runs = await plan.runTogether(() => Promise.allSettled([run(), run()]));
  for (const each of runs) if (each.status === 'rejected') throw each.reason;
}

/** Returns the database of a process that can send this many statements. */
function cutAfter(db: Context['db'], statements_count: number): Db {
  let left_count = statements_count;
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      left_count -= 1;
      if (left_count < 0) throw new Error('simulated: the process ended');
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return db.withPlugin(plugin) as Db; // the same pool
}
