import { defineJob } from '#platform/jobs/jobs';
import type { RenewalNeeds } from '../renewals/index.ts';
import { convertTrials } from './convert-trials.ts';
import { remindTrials } from './remind-trials.ts';

/**
 * Makes the job that converts trials at their own instants, and announces their ends: one run makes up for missed ones.
 * It runs every minute, so that access does not break off at the end of a trial for longer.
 */
export const convertTrialsJob = ({ processors, renewals }: RenewalNeeds) =>
  defineJob({
    name: 'convert_trials',
    schedule: '* * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: async (ctx) => {
      const now = ctx.clock.now();
      await convertTrials({ ...ctx, processors, dunning: renewals }, { now, lapse_days: renewals.renewal_lapse_days });
      await remindTrials(ctx, now);
    },
  });
