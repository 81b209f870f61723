import { findAttempt, finishPayment, type PaymentContext, type Processors } from '#payments';
import type { ChargeAttemptId } from '#platform/db/db-schema';
import { defineJob } from '#platform/jobs/jobs';
import { finishChange } from '../changes/index.ts';
import { closePaidCases } from '../dunning/index.ts';
import { finishAwaitingOrder } from '../orders/index.ts';

/** Makes the job that finishes the order of a payment about which the processor sent a message. */
export const finishPaymentJob = (processors: Processors) =>
  defineJob<{ charge_attempt_id: ChargeAttemptId }>({
    ...finishPayment,
    run: (ctx, { charge_attempt_id }) => finishPaymentOf({ ...ctx, processors }, charge_attempt_id),
  });

/**
 * Finishes the order of an attempt that waits for its payer, by what the processor says now. No effect when the payer,
 * or the job `finish_orders`, was faster.
 * @throws processor_unreachable (503)
 */
async function finishPaymentOf(ctx: PaymentContext, id: ChargeAttemptId): Promise<void> {
  const attempt = await findAttempt(ctx.db, id);
  if (attempt?.state !== 'awaiting_action') return;
  await finishAwaitingOrder(ctx, attempt, { findFinish: finishChange, balancePaid: closePaidCases });
}
