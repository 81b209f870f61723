import assert from 'node:assert/strict';
import { payerOf } from '../payer-of.ts';
import type { ChargeOutcome, PaymentContext } from '../processors/index.ts';
import { withProcessorTimeout } from '../processors/index.ts';
import { type Attempt, attemptRef } from '../records/index.ts';

type ProcessorContext = Pick<PaymentContext, 'log' | 'processors'>;
type ChargeContext = ProcessorContext &
  Pick<PaymentContext, 'actor' | 'origin' | 'peer' | 'return_path' | 'is_payer_absent'>;

/**
 * Charges a committed attempt. Never called inside a transaction.
 *
 * When the outcome is unknown the attempt stays reserved; `findOutcome` looks it up later under the same key.
 * @throws processor_unreachable (503)
 */
export async function callProcessor(ctx: ChargeContext, attempt: Attempt): Promise<ChargeOutcome> {
  const { key, account, amount, unit, description, source } = attempt;
  assert(source, 'only the request that reserved an attempt can charge it');
  const processor = ctx.processors.getByName(attempt.processor);
  const off_session = ctx.actor.kind === 'job' || ctx.is_payer_absent === true;
  const payer = payerOf(ctx, attempt.profile_id);
  const request = { key, account, amount, unit, description, source, payer, off_session };
  return withProcessorTimeout(ctx, processor.charge(request));
}

/**
 * Returns the outcome of an attempt whose response was lost; null if the processor received no request, so no money
 * was taken.
 * @throws processor_unreachable (503)
 */
export async function findOutcome(ctx: ProcessorContext, attempt: Attempt): Promise<ChargeOutcome | null> {
  return withProcessorTimeout(ctx, ctx.processors.getByName(attempt.processor).findByKey(attemptRef(attempt)));
}

/**
 * Ends an attempt that waits for the payer, and returns its outcome: declined, or accepted if the payer was faster.
 * @throws processor_unreachable (503)
 */
export async function abandonAttempt(ctx: ProcessorContext, attempt: Attempt): Promise<ChargeOutcome> {
  return withProcessorTimeout(ctx, ctx.processors.getByName(attempt.processor).abandon(attemptRef(attempt)));
}
