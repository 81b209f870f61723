import type { Processors } from '#payments';
import { defineJob } from '#platform/jobs/jobs';
import { beginChanges } from './begin-changes.ts';
import { completeChanges, noticeChanges } from './complete-changes.ts';
import { returnPayments } from './return-payments.ts';

/** Jobs of changes. */
export const changeJobs = (processors: Processors) => [
  /** Orders planned changes a day ahead, ends those that took effect, and sends the notice of those that approach. */
  defineJob({
    name: 'complete_changes',
    schedule: '*/5 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: async (ctx) => {
      await beginChanges(ctx);
      await completeChanges(ctx);
      await noticeChanges(ctx);
    },
  }),
  defineJob({
    name: 'return_change_payments',
    schedule: '20 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: async (ctx) => returnPayments({ ...ctx, processors }),
  }),
];
