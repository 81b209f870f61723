import { defineJob, type Job } from '#platform/jobs/jobs';
import { type Processors, withProcessorTimeout } from '../processors/index.ts';

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

/** Makes the job that deletes a card at its processor after the card is no longer on file. */
export const forgetCardJob = (processors: Processors): Job<ForgottenCard> => ({
  ...forgetCard,
  run: (ctx, { processor, account = '', customer_key, method_key = '' }) =>
    withProcessorTimeout(ctx, processors.getByName(processor).deleteCard({ account, customer_key, method_key })),
});

/** Returns the payload of the job for a card that is no longer on file. */
export function forgottenCard(card: Required<ForgottenCard>): ForgottenCard {
  const { processor, account, customer_key, method_key } = card;
  return { processor, account, customer_key, method_key };
}
