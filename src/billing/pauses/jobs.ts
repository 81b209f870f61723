import { defineJob } from '#platform/jobs/jobs';
import { runPauses } from './run-pauses.ts';

/** Begins and ends pauses at their own instants: one run makes up for missed minutes. */
export const runPausesJob = defineJob({
  name: 'run_pauses',
  schedule: '* * * * *',
  catch_up: 'last',
  moved: 'daily',
  run: async (ctx) => {
    await runPauses(ctx);
  },
});
