import { defineJob } from '#platform/jobs/jobs';
import { processorNamed, withProcessorTimeout } from '../processors/index.ts';

/** Deletes a card at the processor that is no longer on file. */
export const forgetCard = defineJob<{ processor: string; customer_key: string }>({
  name: 'forget_card',
  catch_up: 'each',
  run: (ctx, { processor, customer_key }) =>
    withProcessorTimeout(ctx, processorNamed(ctx, processor).deleteCard(customer_key)),
});
