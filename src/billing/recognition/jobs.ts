import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { defineJob, enqueue } from '#platform/jobs/jobs';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import { recogniseIncome } from './recognise-income.ts';

/**
 * Recognises income of the recognition windows that ended. Each missed hour is run at its instant, so that income and
 * payments are in the order of time. A run that ends early is continued by a job of its own.
 */
export const recogniseIncomeJob = () => {
  const place: WalkPlace<ProfileId> = { after: null };
  const continued = defineJob<{ until: string }>({
    name: 'continue_recognition',
    catch_up: 'last',
    run: async (ctx, { until }) => {
      await recogniseIncome(ctx, new Date(until), place);
      if (place.after !== null) await inTransaction(ctx.db, (tx) => enqueue(tx, continued, { until }));
    },
  });
  const scheduled = defineJob({
    name: 'recognise_income',
    schedule: '0 * * * *',
    catch_up: 'each',
    run: async (ctx, _payload, at) => {
      await recogniseIncome(ctx, at, place);
      if (place.after !== null)
        await inTransaction(ctx.db, (tx) => enqueue(tx, continued, { until: at.toISOString() }));
    },
  });
  return [scheduled, continued];
};
