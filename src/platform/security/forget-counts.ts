import { deleteEndedWindows } from './attempt-store.ts';
import { deleteInBatches } from '../db/delete-in-batches.ts';
import { defineJob } from '../jobs/jobs.ts';
import { deleteRequestCounts } from './request-count-store.ts';

/** Deletes the counts of rate limits whose window has ended by the database's clock, which no site clock moves. */
export const forgetCountsJob = defineJob({
  name: 'forget_counts',
  schedule: '23 * * * *',
  catch_up: 'last',
  run: async (ctx) => {
    await deleteInBatches(ctx.db, deleteEndedWindows);
    await deleteInBatches(ctx.db, deleteRequestCounts);
  },
});
