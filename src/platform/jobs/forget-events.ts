import { deleteInBatches } from '../db/delete-in-batches.ts';
import { defineJob } from './jobs.ts';
import { deleteDeliveredRows } from './outbox-store.ts';

const KEPT_MS = 30 * 86_400_000;

/** Deletes events a month after they were delivered. */
export const forgetEventsJob = defineJob({
  name: 'forget_events',
  schedule: '17 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - KEPT_MS);
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteDeliveredRows(tx, before, rows_max));
  },
});
