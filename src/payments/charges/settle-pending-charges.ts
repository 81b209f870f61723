import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import type { ChargeId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { defineJob, enqueue } from '#platform/jobs/jobs';
import { type AcceptedOutcome, isUndecided, type PaymentContext } from '../processors/index.ts';
import { type Charge, findChargeById, findDisputedCharges, findUnsettledCharges } from '../records/index.ts';
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

/** When a payment that took money is asked for again, after it was recorded; then the job of open charges has it. */
const ASK_AFTER_MS = [2000, 10_000, 60_000];

/** A charge whose payment took money, and that the processor did not show what it brought. */
export interface ChargeToBook {
  charge_id: ChargeId;
}

/** Names the job for `enqueue`, which needs no processors. The runner gets `bookChargeJob`. */
export const bookCharge = defineJob<ChargeToBook>({
  name: 'book_charge',
  catch_up: 'each',
  run: () => Promise.reject(new Error('book_charge runs with the processors of the site')),
});

/**
 * Enqueues the questions about a new charge that took money and is not booked: after 2, 10 and 60 seconds. All of them
 * are enqueued with the charge, so that a run that is repeated after a crash adds none. A payment that its processor
 * decides later is left to the job that runs every five minutes.
 */
export async function askForFunds(
  tx: Tx,
  { id: charge_id, state }: Charge,
  { evidence }: AcceptedOutcome,
  at: Date,
): Promise<void> {
  if (state !== 'created' || isUndecided(evidence)) return;
  for (const after_ms of ASK_AFTER_MS)
    await enqueue(tx, bookCharge, { charge_id }, { start_at: new Date(at.getTime() + after_ms) });
}

/**
 * Asks once what a charge brought, and books it. No call is made for a charge that a message, or an earlier question,
 * has settled. A failure is logged and not repeated: the next question follows.
 */
export async function bookOpenCharge(ctx: PaymentContext, { charge_id }: ChargeToBook): Promise<void> {
  const charge = await findChargeById(ctx.db, charge_id);
  if (charge?.state !== 'created') return;
  try {
    await refreshCharge(ctx, charge);
  } catch (error) {
    ctx.log.warn({ err: error, processor_key: charge.processor_key }, 'paid charge not booked');
  }
}
