import { defineJob } from '#platform/jobs';
import { inTransaction } from '#platform/db';
import { finishOrders } from './finish-orders.ts';
import { deleteVisitorLines } from './shown-line-store.ts';

const VISITOR_LINES_KEPT_MS = 90 * 86_400_000;

/** Finishes the orders that a crash or a lost response left open. A checkout that settles never enqueues a job. */
export const finishOrdersJob = defineJob({
  name: 'finish_orders',
  schedule: '* * * * *',
  catch_up: 'last',
  run: async (ctx) => {
    await finishOrders(ctx);
  },
});

/** Removes what was shown to visitors who did not return. */
const forgetShownLinesJob = defineJob({
  name: 'forget_shown_lines',
  schedule: '20 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    await inTransaction(ctx.db, (tx) => deleteVisitorLines(tx, new Date(at.getTime() - VISITOR_LINES_KEPT_MS)));
  },
});

export const billingJobs = [finishOrdersJob, forgetShownLinesJob];
