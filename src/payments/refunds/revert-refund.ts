import { convertAmount, findEventEntries, fromSubjectColumns, postEvent } from '#ledger';
import { inTransaction, type Tx } from '#platform/db/database';
import type { PaymentContext, RefundReport } from '../processors/index.ts';
import { type Charge, chargeSubject, closeRefund, findRefundByKey, lockCharge, type Refund } from '../records/index.ts';
import { giveShare } from './return-fee.ts';

const DETAIL = 'The refund failed after it had succeeded. The money is back with the provider.';

/**
 * Reverses the booking of a refund that failed after it had succeeded, once: the card gets nothing, and the shares are
 * back with those who paid them. What was returned as credit, and time that was given back, stay so. A person pays the
 * customer another way.
 *
 * A refund that paid credit out, or that belongs to the booking of another operation, is only logged.
 * Locks: the charge.
 */
export async function revertRefund(
  ctx: PaymentContext,
  charge: Charge,
  { key, state, processor_key }: Pick<RefundReport, 'key' | 'state' | 'processor_key'>,
): Promise<void> {
  if (state !== 'failed') return;
  const refund = await inTransaction(ctx.db, async (tx) => {
    await lockCharge(tx, charge.id);
    const found = await findBooked(tx, charge, { key, processor_key });
    return found && (await bookReversal(tx, charge, found, ctx.clock.now()));
  });
  if (refund)
    ctx.log.error(
      { refund_id: refund.id, processor_key, is_reversed: refund.state === 'failed' },
      'refund failed after it had succeeded: pay the customer another way',
    );
}

/** Finds the refund of a charge that is booked as made, by Tollgate's key or by that of the processor. */
async function findBooked(
  tx: Tx,
  { id, processor }: Charge,
  { key, processor_key }: Pick<RefundReport, 'key' | 'processor_key'>,
): Promise<Refund | undefined> {
  const own = key === null ? undefined : await findRefundByKey(tx, key);
  const refund = own?.charge_id === id ? own : await findRefundByKey(tx, `${processor}:refund:${processor_key}`);
  return refund?.charge_id === id && refund.state === 'settled' ? refund : undefined;
}

async function bookReversal(tx: Tx, charge: Charge, refund: Refund, at: Date): Promise<Refund> {
  const key = `refund:${charge.processor_key}:${refund.key}`;
  const posted = refund.is_payout ? undefined : await findEventEntries(tx, key);
  if (!posted) return refund;
  const { kind, id } = chargeSubject(charge.id);
  const entries = posted.flatMap((entry) =>
    entry.subject_kind !== kind || entry.subject_id !== id
      ? []
      : convertAmount({
          from: { profile_id: entry.dest_profile_id, account: entry.dest_account },
          to: { profile_id: entry.orig_profile_id, account: entry.orig_account },
          amount: entry.dest_amount,
          unit: entry.dest_unit,
          to_amount: entry.orig_amount,
          to_unit: entry.orig_unit,
          subject: fromSubjectColumns(entry),
          description: `${entry.description} - reverted`,
        }),
  );
  if (entries.length === 0) return refund;
  const end = { state: 'failed', detail: DETAIL, updated_at: at, reversed_at: at } as const;
  const closed = await closeRefund(tx, refund.id, ['settled'], end);
  if (!closed) return refund;
  await postEvent(tx, {
    key: `${key}:failed`,
    kind: 'refund_failed',
    receipt_key: charge.processor_key,
    at,
    entries,
  });
  await giveShare(tx, charge, closed, at);
  return closed;
}
