import { defineJob, type Job } from '#platform/jobs/jobs';
import { type Processors, withProcessorTimeout } from '../processors/index.ts';

interface ClosedAccount {
  processor: string;
  account: string;
}

/** Names the job for `enqueue`, which needs no processors. The runner gets `closeAccountJob`. */
export const closeAccount = defineJob<ClosedAccount>({
  name: 'close_account',
  catch_up: 'each',
  run: () => Promise.reject(new Error('close_account runs with the processors of the site')),
});

/** Makes the job that ends the access to an account at its processor after a provider disconnected it. */
export const closeAccountJob = (processors: Processors): Job<ClosedAccount> => ({
  ...closeAccount,
  run: (ctx, { processor, account }) =>
    withProcessorTimeout(ctx, processors.getByName(processor).disconnectAccount(account)),
});
