import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { PROCESSOR_TIMEOUT_MS, processorNamed, type RefundAnswer, withProcessorTimeout } from '../processors/index.ts';
import { findChargeById, listUnfinishedRefunds } from '../records/index.ts';
import { settleRefund } from './settle-refund.ts';

/** Longer than any call can be under way. */
const QUIET_MS = 6 * PROCESSOR_TIMEOUT_MS;
const never_heard: RefundAnswer = { outcome: 'refused', detail: 'The payment processor was never asked.' };

/** Asks the processor what came of refunds whose answer was lost, and books or forgets them. */
export async function finishRefunds(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  for (const refund of await listUnfinishedRefunds(ctx.db, new Date(now.getTime() - QUIET_MS), 100)) {
    try {
      const charge = await findChargeById(ctx.db, refund.charge_id);
      if (!charge) continue;
      const answer = await withProcessorTimeout(ctx, processorNamed(ctx, charge.processor).findRefund(refund.key));
      await inTransaction(ctx.db, (tx) => settleRefund(tx, refund, answer ?? never_heard, ctx.clock.now()));
    } catch (error) {
      ctx.log.error({ err: error, refund_id: refund.id }, 'a refund could not be finished');
    }
  }
}
