import type { RefundId } from '#platform/db/db-schema';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import {
  type PaymentContext,
  PROCESSOR_TIMEOUT_MS,
  type RefundOutcome,
  withProcessorTimeout,
} from '../processors/index.ts';
import { type Charge, findChargeById, findOpenRefund, findUnfinishedRefunds, type Refund } from '../records/index.ts';
import { tryExchanges } from './book-exchanges.ts';
import { closeOpenRefund } from './close-refund.ts';

/**
 * Exceeds PROCESSOR_TIMEOUT_MS. An older refund that the processor does not have was never requested: it failed, unless
 * the service it refunds has ended already; then it is requested now, under its key.
 */
const QUIET_MS = 6 * PROCESSOR_TIMEOUT_MS;
const never_requested: RefundOutcome = {
  outcome: 'refused',
  detail: 'The payment processor never received the refund.',
};

/**
 * Looks up the refunds that are open for QUIET_MS or longer and settles them. A pending refund stays open.
 * A refund that fails is logged and does not delay the others.
 */
export async function finishRefunds(ctx: PaymentContext, place?: WalkPlace<RefundId>): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - QUIET_MS);
  await walkRows(
    {
      findBatch: (after: RefundId | null, limit) => findUnfinishedRefunds(ctx.db, before, { after, limit }),
      async work(refund) {
        const charge = await findChargeById(ctx.db, refund.charge_id);
        if (charge) await finishRefund(ctx, charge, refund, never_requested);
      },
      onError: ({ id }, error) => ctx.log.error({ err: error, refund_id: id }, 'open refund not finished'),
    },
    place,
  );
}

/** Looks up the open refund of a charge, if there is one, and settles it. */
export async function finishOpenRefund(ctx: PaymentContext, charge: Charge): Promise<void> {
  const refund = await findOpenRefund(ctx.db, charge.id);
  // The request of a young refund may still be running, so the refund stays open.
  if (refund) await finishRefund(ctx, charge, refund, { outcome: 'pending' });
}

async function finishRefund(
  ctx: PaymentContext,
  charge: Charge,
  refund: Refund,
  otherwise: RefundOutcome,
): Promise<void> {
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  // Credit is returned without the processor.
  const found: RefundOutcome | null =
    refund.amount === 0
      ? { outcome: 'refunded' }
      : await withProcessorTimeout(ctx, processor.findRefund({ key: refund.key, processor_key, account }));
  if (!found && otherwise === never_requested && refund.returns_backlog) {
    const request = { key: refund.key, processor_key, account, amount: refund.amount, unit: charge.unit };
    return closeOpenRefund(ctx, charge, refund, await withProcessorTimeout(ctx, processor.refund(request)));
  }
  await closeOpenRefund(ctx, charge, refund, found ?? otherwise);
  if (found?.outcome === 'refunded') await tryExchanges(ctx, charge, refund);
}
