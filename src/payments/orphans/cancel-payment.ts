import { abandonAttempt, type OpenPayment } from '../charges/index.ts';
import { isAccepted, type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { findAttempt } from '../records/index.ts';
import { returnPayment } from './return-payment.ts';

/**
 * Cancels the payment of a refused attempt at its processor, so that no secret of it can confirm it later. A payment
 * that took money in the meantime goes back to its payer. No effect on a payment that is over, and when it runs twice.
 * @throws processor_unreachable (503) while the payment can still be confirmed
 */
export async function cancelPaymentOf(
  ctx: PaymentContext,
  { charge_attempt_id, intent_key }: OpenPayment,
): Promise<void> {
  const attempt = await findAttempt(ctx.db, charge_attempt_id);
  if (!attempt) return;
  const outcome = await abandonAttempt(ctx, { ...attempt, intent_key });
  const taken = outcome.outcome === 'declined' ? (outcome.taken ?? null) : await findTaken(ctx, attempt, outcome);
  if (taken) await returnPayment(ctx, attempt.processor, taken, attempt.profile_id);
}

async function findTaken(
  ctx: PaymentContext,
  { processor, account }: { processor: string; account: string },
  outcome: Awaited<ReturnType<typeof abandonAttempt>>,
) {
  const { intents } = ctx.processors.getByName(processor);
  if (intents === null || !isAccepted(outcome)) return null;
  const { processor_key } = outcome;
  return withProcessorTimeout(ctx, intents.findTaken({ processor_key, account }));
}
