import { defineJob } from '#platform/jobs/jobs';
import { finishRefunds } from './finish-refunds.ts';

/** Finishes refunds whose outcome is unknown because of a crash or a lost response. */
export const finishPendingRefunds = defineJob({
  name: 'finish_pending_refunds',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: (ctx) => finishRefunds(ctx),
});
