import { defineJob, type Job } from '#platform/jobs/jobs';
import { type Processors, withProcessorTimeout } from '../processors/index.ts';
import { isOnFile } from './payment-method-store.ts';
import { updateCustomers } from './update-customers.ts';

interface ForgottenCard {
  processor: string;
  /** Absent from jobs of the first version: the broker's own account. */
  account?: string;
  customer_key: string;
  /** Absent from jobs of the first version: the customer has one card. */
  method_key?: string;
}

/** Names the job for `enqueue`, which needs no processors. The runner gets `forgetCardJob`. */
export const forgetCard = defineJob<ForgottenCard>({
  name: 'forget_card',
  catch_up: 'each',
  run: () => Promise.reject(new Error('forget_card runs with the processors of the site')),
});

/**
 * Makes the job that deletes a card at its processor after the card is no longer on file. A card that was put on file
 * again while the job waited stays.
 */
export const forgetCardJob = (processors: Processors): Job<ForgottenCard> => ({
  ...forgetCard,
  async run(ctx, { processor, account = '', customer_key, method_key = '' }) {
    if (await isOnFile(ctx.db, { processor, customer_key, method_key })) return;
    await withProcessorTimeout(ctx, processors.getByName(processor).deleteCard({ account, customer_key, method_key }));
  },
});

/** Returns the payload of the job for a card that is no longer on file. */
export function forgottenCard(card: Required<ForgottenCard>): ForgottenCard {
  const { processor, account, customer_key, method_key } = card;
  return { processor, account, customer_key, method_key };
}

/** Makes the job that sends changed names and addresses of payers to the processor. */
export const updateCustomersJob = (processors: Processors) =>
  defineJob({
    name: 'update_customers',
    schedule: '* * * * *',
    catch_up: 'last',
    run: (ctx) => updateCustomers({ ...ctx, processors }),
  });
