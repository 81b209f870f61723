import { formatMoney } from '#kernel/money';
import { inTransaction } from '#platform/db/database';
import { type PaymentContext, type RefundOutcome, withProcessorTimeout } from '../processors/index.ts';
import { parkReused } from '../park-reused.ts';
import { paymentsProblems } from '../problems.ts';
import type { Charge, Refund } from '../records/index.ts';
import { tryExchanges } from './book-exchanges.ts';
import { closeOpenRefund } from './close-refund.ts';
import { returnFeeOf } from './return-fee.ts';
import { settleRefund } from './settle-refund.ts';

/**
 * Sends a reserved refund to the processor and books the outcome. Returns a sentence for the caller. `is_retry`: an
 * earlier request may have sent the refund. A refund that is settled is not sent again.
 * @throws refund_refused (400), processor_unreachable (503)
 */
export async function sendRefund(
  ctx: PaymentContext,
  charge: Charge,
  refund: Refund,
  { is_retry }: { is_retry: boolean },
): Promise<string> {
  const { processor_key, account } = charge;
  const amount = formatMoney({ amount: refund.amount, unit: charge.unit });
  if (refund.state !== 'settled') {
    const processor = ctx.processors.getByName(charge.processor);
    const request = { key: refund.key, processor_key, account, amount: refund.amount, unit: charge.unit };
    // Credit is returned without the processor.
    const outcome: RefundOutcome =
      refund.amount === 0
        ? { outcome: 'refunded' }
        : await withProcessorTimeout(ctx, processor.refund(request)).catch(async (error: unknown) => {
            // The job that finishes refunds looks it up by its key.
            await parkReused(ctx, { processor: charge.processor, account, key: refund.key }, error);
            throw error;
          });
    if (is_retry) await closeOpenRefund(ctx, charge, refund, outcome);
    else await inTransaction(ctx.db, (tx) => settleRefund(tx, ctx.processors, refund, outcome, ctx.clock.now()));
    if (outcome.outcome === 'refunded') {
      await tryExchanges(ctx, charge, refund);
      await returnFeeOf(ctx, charge, refund.key);
    }
    if (outcome.outcome === 'refused') throw paymentsProblems.refund_refused({ detail: outcome.detail });
    if (outcome.outcome === 'pending') return `${amount} is being refunded on charge ${processor_key}.`;
  }
  if (refund.amount === 0) return `What credit paid of charge ${processor_key} was returned as credit.`;
  return `${amount} refunded successfully on charge ${processor_key}.`;
}
