import { defineJob } from '#platform/jobs/jobs';
import { reach } from './call-processor.ts';
import { finishRefunds } from './finish-refunds.ts';
import { processorNamed } from './processors/choose-processor.ts';
import { settlePendingChargesNow } from './settle-pending-charges.ts';

/** Settles what neither an answer nor a webhook has settled. */
export const settlePendingCharges = defineJob({
  name: 'settle_pending_charges',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: (ctx) => settlePendingChargesNow(ctx),
});

/** Finishes refunds that a crash or a silent processor left half done. */
export const finishPendingRefunds = defineJob({
  name: 'finish_pending_refunds',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: (ctx) => finishRefunds(ctx),
});

/** Makes the processor forget a card that is no longer on file. */
export const forgetCard = defineJob<{ processor: string; customer_key: string }>({
  name: 'forget_card',
  catch_up: 'each',
  run: (ctx, { processor, customer_key }) => reach(ctx, processorNamed(ctx, processor).deleteCard(customer_key)),
});

export const paymentsJobs = [settlePendingCharges, finishPendingRefunds, forgetCard];
