import type { PaymentContext } from '../processors/index.ts';
import type { ChargeId } from '#platform/db/db-schema';
import { listUnsettledCharges } from '../records/index.ts';
import { refreshCharge } from './refresh-charge.ts';

const BATCH = 100;

/** Asks the processor about every charge that it has not decided. One that fails is left for the next run, the others go on. */
export async function settlePendingChargesNow(ctx: PaymentContext): Promise<void> {
  let after: ChargeId | null = null;
  for (;;) {
    const charges = await listUnsettledCharges(ctx.db, after, BATCH);
    for (const charge of charges) {
      after = charge.id;
      try {
        await refreshCharge(ctx, charge);
      } catch (error) {
        ctx.log.error({ err: error, processor_key: charge.processor_key }, 'a charge could not be settled');
      }
    }
    if (charges.length < BATCH) return;
  }
}
