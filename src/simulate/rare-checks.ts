import type { AnyJob } from '#platform/jobs/jobs';

/**
 * Jobs that compare everything with everything each night. The simulation checks its rules each day, and all of it at
 * its end; with these jobs each night, its time would grow with the square of its months.
 */
const checks: ReadonlySet<string> = new Set(['verify_ledger', 'verify_figures', 'verify_list_counts']);

/** Returns the jobs, of which those that only check the whole site run on the first day of each month. */
export function withRareChecks(jobs: readonly AnyJob[]): AnyJob[] {
  return jobs.map((job) => {
    if (!checks.has(job.name)) return job;
    return {
      ...job,
      async run(ctx, payload, at) {
        if (at.getUTCDate() === 1) await job.run(ctx, payload, at);
      },
    };
  });
}
