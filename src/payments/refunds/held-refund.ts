import { type PaymentContext, type RefundOutcome, withProcessorTimeout } from '../processors/index.ts';
import {
  type Charge,
  closeRefund,
  emitChargeUpdated,
  findChargeById,
  findRefundsByIds,
  type Refund,
} from '../records/index.ts';
import { composeRefund, oweFee, refundedAmounts } from './settle-refund.ts';
import type { Entry, NewEntry } from '#ledger';
import type { Reader, Tx } from '#platform/db/database';
import type { RefundId } from '#platform/db/db-schema';

/** A held refund with the charge that it takes money back from. */
export interface HeldRefundOf {
  refund: Refund;
  charge: Charge;
}

/** Finds held refunds with their charges. */
export async function findHeldRefunds(reader: Reader, ids: readonly RefundId[]): Promise<HeldRefundOf[]> {
  const held: HeldRefundOf[] = [];
  for (const refund of await findRefundsByIds(reader, ids)) {
    const charge = await findChargeById(reader, refund.charge_id);
    if (charge) held.push({ refund, charge });
  }
  return held;
}

/**
 * Sends a held refund to the processor, which makes it once, and returns the outcome. Books nothing.
 * @throws processor_unreachable (503)
 */
export async function sendHeldRefund(ctx: PaymentContext, { refund, charge }: HeldRefundOf): Promise<RefundOutcome> {
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  const request = { key: refund.key, processor_key, account, amount: refund.amount, unit: charge.unit };
  return withProcessorTimeout(ctx, processor.refund(request));
}

/** Looks up the outcome of a held refund; null if the processor received no request. */
export async function findHeldOutcome(
  ctx: PaymentContext,
  { refund, charge }: HeldRefundOf,
): Promise<RefundOutcome | null> {
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  return withProcessorTimeout(ctx, processor.findRefund({ key: refund.key, processor_key, account }));
}

/** A held refund that was made: its entries for the ledger event of its operation, and what its documents state. */
export interface HeldRefund {
  entries: readonly NewEntry[];
  /** Returns the amounts for credit notes. `posted` are the entries above, as they were posted. */
  notesOf(posted: readonly Entry[]): ReturnType<typeof refundedAmounts>;
}

/**
 * Closes a held refund that the processor made. The caller posts its entries, with the other rows of its operation.
 * Null if it was closed before.
 */
export async function bookHeldRefund(tx: Tx, refund: Refund, at: Date): Promise<HeldRefund | null> {
  const end = { state: 'settled', detail: null, updated_at: at } as const;
  if (!(await closeRefund(tx, refund.id, ['reserved'], end))) return null;
  const { charge, items, lines, entries } = await composeRefund(tx, refund);
  await oweFee(tx, charge, refund.id, lines);
  await emitChargeUpdated(tx, charge, 'refunded', { at, by: refund.created_by });
  return { entries, notesOf: (posted) => refundedAmounts(posted, charge, items) };
}

/** Marks a held refund that the processor refused as failed. */
export async function failHeldRefund(tx: Tx, refund: Refund, detail: string, at: Date): Promise<void> {
  await closeRefund(tx, refund.id, ['reserved'], { state: 'failed', detail, updated_at: at });
}
