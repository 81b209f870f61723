import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import type { ChargeId } from '#platform/db/db-schema';
import type { PaymentContext } from '../processors/index.ts';
import { findUnsettledCharges } from '../records/index.ts';
import { refreshCharge } from './refresh-charge.ts';

/** Refreshes every undecided charge. A charge that fails is logged and left for the next run; the others continue. */
export async function settlePendingCharges(ctx: PaymentContext, place?: WalkPlace<ChargeId>): Promise<void> {
  await walkRows(
    {
      findBatch: (after: ChargeId | null, limit) => findUnsettledCharges(ctx.db, after, limit),
      work: async (charge) => void (await refreshCharge(ctx, charge)),
      onError: ({ processor_key }, error) => ctx.log.error({ err: error, processor_key }, 'open charge not settled'),
    },
    place,
  );
}
