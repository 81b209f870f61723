import type { Problem } from '#kernel/problem';
import { paymentsProblems } from '../problems.ts';
import type { ActionRequiredOutcome, Processor } from '../processors/index.ts';
import { browserKeys } from './browser-keys.ts';

/**
 * Builds the problem of a payment that the payer must confirm, with the keys for the processor's script. A retry with
 * the same idempotency key returns the outcome after the confirmation.
 */
export function actionProblem(
  processor: Processor,
  { client_secret, account, redirect_url, is_hosted = false }: ActionRequiredOutcome,
): Problem {
  return paymentsProblems.action_required({
    retry_after_s: 5,
    members: { processor: browserKeys(processor, account, client_secret), redirect_url, is_hosted },
  });
}
