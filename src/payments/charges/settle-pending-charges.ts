import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import type { ChargeId } from '#platform/db/db-schema';
import type { PaymentContext } from '../processors/index.ts';
import { findDisputedCharges, findUnsettledCharges } from '../records/index.ts';
import { refreshCharge } from './refresh-charge.ts';

/** Refreshes every undecided charge. A charge that fails is logged and left for the next run; the others continue. */
export async function settlePendingCharges(ctx: PaymentContext, place?: WalkPlace<ChargeId>): Promise<void> {
  await refreshAll(ctx, findUnsettledCharges, place);
}

/** Refreshes every disputed charge, so that the end of a dispute is booked if no webhook brought it. */
export async function settleDisputes(ctx: PaymentContext, place?: WalkPlace<ChargeId>): Promise<void> {
  await refreshAll(ctx, findDisputedCharges, place);
}

async function refreshAll(
  ctx: PaymentContext,
  find: typeof findUnsettledCharges,
  place: WalkPlace<ChargeId> | undefined,
): Promise<void> {
  await walkRows(
    {
      findBatch: (after: ChargeId | null, limit) => find(ctx.db, after, limit),
      work: async (charge) => void (await refreshCharge(ctx, charge)),
      onError: ({ processor_key }, error) => ctx.log.error({ err: error, processor_key }, 'open charge not settled'),
    },
    place,
  );
}
