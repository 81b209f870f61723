import { inTransaction } from '#platform/db/database';
import { retrieveEvidence, settleCharge } from '../charges/index.ts';
import type { PaymentContext, RefundOutcome } from '../processors/index.ts';
import type { Charge, Refund } from '../records/index.ts';
import { settleRefund } from './settle-refund.ts';

/**
 * Settles a refund that was open for a while, and a dispute of its charge that opened meanwhile. Both are booked in one
 * transaction, so that a crash loses neither. A pending refund stays open.
 * @throws processor_unreachable (503): the refund stays open
 */
export async function closeOpenRefund(
  ctx: PaymentContext,
  charge: Charge,
  refund: Refund,
  outcome: RefundOutcome,
): Promise<void> {
  if (outcome.outcome === 'pending') return;
  const evidence = await retrieveEvidence(ctx, charge);
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    await settleRefund(tx, ctx.processors, refund, outcome, at);
    if (evidence !== null) await settleCharge(tx, charge.id, evidence, at);
  });
}
