import { inTransaction } from './db.ts';
import { defineJob } from './jobs.ts';
import { deleteDeliveredRows } from './outbox-store.ts';

const KEPT_MS = 30 * 86_400_000;

/** Deletes events a month after they were delivered. */
export const forgetEventsJob = defineJob({
  name: 'forget_events',
  schedule: '17 3 * * *',
  catch_up: 'last',
  run: (ctx, _payload, at) => inTransaction(ctx.db, (tx) => deleteDeliveredRows(tx, new Date(at.getTime() - KEPT_MS))),
});
