import { defineJob } from '#platform/jobs/jobs';
import type { Processors } from '../processors/index.ts';
import { settlePendingCharges } from './settle-pending-charges.ts';

/** Makes the job that settles charges for which neither a response nor a webhook brought the outcome. */
export const settlePendingChargesJob = (processors: Processors) =>
  defineJob({
    name: 'settle_pending_charges',
    schedule: '*/5 * * * *',
    catch_up: 'last',
    run: (ctx) => settlePendingCharges({ ...ctx, processors }),
  });
