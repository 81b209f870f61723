import assert from 'node:assert/strict';
import type { OrderId } from '#platform/db/db-schema';
import { parkReused } from '../park-reused.ts';
import { payerOf } from '../payer-of.ts';
import type { ChargeOutcome, PaymentContext } from '../processors/index.ts';
import { withProcessorTimeout } from '../processors/index.ts';
import { type Attempt, attemptRef } from '../records/index.ts';

type ProcessorContext = Pick<PaymentContext, 'log' | 'processors'>;
type ChargeContext = ProcessorContext &
  Pick<
    PaymentContext,
    'db' | 'clock' | 'actor' | 'origin' | 'peer' | 'return_path' | 'is_payer_absent' | 'is_payer_hidden'
  >;

/**
 * Charges a committed attempt. Never called inside a transaction.
 *
 * When the outcome is unknown the attempt stays reserved; `findOutcome` looks it up later under the same key.
 * A key that the processor knows with another request is a fault of Tollgate: the call is listed among the messages,
 * and the first request decides the outcome.
 * `order_id`: the order that the attempt pays; a repeated call has the same one.
 * @throws processor_unreachable (503)
 */
export async function callProcessor(
  ctx: ChargeContext,
  attempt: Attempt,
  order_id: OrderId | null = null,
): Promise<ChargeOutcome> {
  const { key, account, broker_fee_amount, amount, unit, description } = attempt;
  assert(attempt.source, 'only the request that reserved an attempt can charge it');
  const { provider_id, ...source } = attempt.source;
  const processor = ctx.processors.getByName(attempt.processor);
  const off_session = ctx.actor.kind === 'job' || ctx.is_payer_absent === true;
  const payer = payerOf(ctx, attempt.profile_id);
  const facts = { key, account, broker_fee_amount, amount, unit, description, order_id, provider_id };
  try {
    return await withProcessorTimeout(ctx, processor.charge({ ...facts, source, payer, off_session }));
  } catch (error) {
    if (!(await parkReused(ctx, { processor: attempt.processor, account, key }, error))) throw error;
    const found = await findOutcome(ctx, attempt);
    if (found === null) throw error;
    return found;
  }
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

/**
 * Looks up the payment of an attempt that was given up, and ends one that could still be confirmed: its request arrived
 * late. The outcome is accepted if it took money; null if the processor received no request.
 * @throws processor_unreachable (503)
 */
export async function endGivenUp(ctx: ProcessorContext, attempt: Attempt): Promise<ChargeOutcome | null> {
  const found = await findOutcome(ctx, attempt);
  if (found?.outcome === 'action_required') return abandonAttempt(ctx, attempt);
  if (found?.outcome !== 'declined' || found.open_intent_key === undefined) return found;
  return abandonAttempt(ctx, { ...attempt, intent_key: found.open_intent_key });
}
