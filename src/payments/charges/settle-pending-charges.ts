import type { PaymentContext } from '../processors/index.ts';
import type { ChargeId } from '#platform/db/db-schema';
import { findUnsettledCharges } from '../records/index.ts';
import { refreshCharge } from './refresh-charge.ts';

const BATCH = 100;

/** Refreshes every undecided charge. A charge that fails is logged and left for the next run; the others continue. */
export async function settlePendingCharges(ctx: PaymentContext): Promise<void> {
  let after: ChargeId | null = null;
  for (;;) {
    const charges = await findUnsettledCharges(ctx.db, after, BATCH);
    for (const charge of charges) {
      after = charge.id;
      try {
        await refreshCharge(ctx, charge);
      } catch (error) {
        ctx.log.error({ err: error, processor_key: charge.processor_key }, 'open charge not settled');
      }
    }
    if (charges.length < BATCH) return;
  }
}
