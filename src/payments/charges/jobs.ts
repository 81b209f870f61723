import { defineJob } from '#platform/jobs/jobs';
import { settlePendingChargesNow } from './settle-pending-charges.ts';

/** Settles charges for which neither a response nor a webhook brought the outcome. */
export const settlePendingCharges = defineJob({
  name: 'settle_pending_charges',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: (ctx) => settlePendingChargesNow(ctx),
});
