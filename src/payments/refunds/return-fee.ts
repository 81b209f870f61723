import assert from 'node:assert/strict';
import { accounts, findEventEntries, moveAmount, postEvent } from '#ledger';
import { inTransaction, type Tx } from '#platform/db/database';
import type { RefundId } from '#platform/db/db-schema';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import { findSite } from '#platform/site';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import {
  type Charge,
  chargeSubject,
  closeFeeDue,
  findChargeById,
  findChargeItems,
  findFeesDue,
  findRefundByKey,
  findRefundLines,
  type Refund,
} from '../records/index.ts';
import { bookShareExchange } from './book-share-exchange.ts';

/**
 * Returns the broker's share of a refund to the account of the charge, under the key of the refund. No effect unless
 * the refund owes it. The refund is booked with that share; if the processor refuses the return, the provider bears it.
 * @throws processor_unreachable (503): a job repeats it
 */
export async function returnFee(ctx: PaymentContext, charge: Charge, refund: Refund): Promise<void> {
  if (refund.fee_state !== 'pending') return;
  const { processor_key, account, unit } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  const request = { key: refund.key, processor_key, account, amount: refund.fee_amount, unit };
  const outcome = await withProcessorTimeout(ctx, processor.returnFee(request));
  if (outcome.outcome === 'refused')
    ctx.log.error({ refund_id: refund.id, detail: outcome.detail }, 'share of the broker not returned');
  await inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const closed = await closeFeeDue(tx, refund.id, outcome.outcome, at);
    if (!closed) return;
    // The reversal of a refund has given the share back to the broker already.
    if (closed.reversed_at !== null) await giveShare(tx, charge, closed, at);
    else if (outcome.outcome === 'refused') await bookShare(tx, charge, closed, { to: 'broker', at });
  });
}

/**
 * Returns the share of the broker immediately after a refund was booked. An error is logged: a job repeats the return.
 */
export async function returnFeeOf(ctx: PaymentContext, charge: Charge, key: string): Promise<void> {
  if (charge.account === '') return;
  try {
    const refund = await findRefundByKey(ctx.db, key);
    if (refund) await returnFee(ctx, charge, refund);
    if (refund?.fee_state === 'pending') await bookReturned(ctx, charge, refund);
  } catch (error) {
    ctx.log.warn({ err: error, processor_key: charge.processor_key }, 'share of the broker not returned yet');
  }
}

/** Books what the rate of the day makes of a return that was made now. The message about it repeats that. */
async function bookReturned(ctx: PaymentContext, charge: Charge, refund: Refund): Promise<void> {
  const lines = await findRefundLines(ctx.db, refund.id);
  if (lines.every(({ funds_unit }) => funds_unit === charge.unit)) return;
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  const returns = await withProcessorTimeout(ctx, processor.findFeeReturns({ processor_key, account }));
  const made = returns.find(({ key }) => key === refund.key);
  if (made) await bookShareExchange(ctx, charge, refund, made);
}

/** Returns all shares of the broker that are owed. An error is logged and does not delay the others. */
export async function returnFees(ctx: PaymentContext, place?: WalkPlace<RefundId>): Promise<void> {
  await walkRows(
    {
      findBatch: (after: RefundId | null, limit) => findFeesDue(ctx.db, { after, limit }),
      async work(refund) {
        const charge = await findChargeById(ctx.db, refund.charge_id);
        if (charge) await returnFee(ctx, charge, refund);
      },
      onError: ({ id }, error) => ctx.log.error({ err: error, refund_id: id }, 'share of the broker not returned'),
    },
    place,
  );
}

/**
 * Books what the reversal of a refund does not undo. The reversal gives the share of the broker back to it, but at the
 * processor a returned share stays with the provider, and one whose return was refused was paid by the provider.
 * No effect while the return is pending: its end books the same.
 */
export async function giveShare(tx: Tx, charge: Charge, refund: Refund, at: Date): Promise<void> {
  const was_kept = refund.fee_state === 'refused' && (await findEventEntries(tx, shareKey(charge, refund, 'broker')));
  if (refund.fee_state === 'returned' || was_kept) await bookShare(tx, charge, refund, { to: 'provider', at });
}

const shareKey = ({ processor_key }: Charge, { key }: Refund, to: 'broker' | 'provider') =>
  `refund:${processor_key}:${key}:${to === 'broker' ? 'fee' : 'fee:given'}`;

/** Moves the broker's share of a refund between the funds of the provider and the broker. */
async function bookShare(
  tx: Tx,
  charge: Charge,
  refund: Refund,
  { to, at }: { to: 'broker' | 'provider'; at: Date },
): Promise<void> {
  const site = await findSite(tx);
  assert(site, 'there is no site');
  const items = await findChargeItems(tx, charge.id);
  const lines = await findRefundLines(tx, refund.id);
  const entries = lines.flatMap(({ charge_item_id, broker_fee_amount, funds_unit }) => {
    const item = items.find(({ id }) => id === charge_item_id);
    assert(item, 'a refund is of lines of its charge');
    if (broker_fee_amount === 0) return [];
    const provider = { profile_id: item.provider_id, account: accounts.funds };
    const broker = { profile_id: site.broker_id, account: accounts.funds };
    return moveAmount({
      ...(to === 'broker' ? { from: provider, to: broker } : { from: broker, to: provider }),
      amount: broker_fee_amount,
      unit: funds_unit,
      subject: chargeSubject(charge.id, item.id),
      description: `Charge ${charge.processor_key} refund broker fee ${to === 'broker' ? 'not returned' : 'returned'}`,
    });
  });
  const [key, kind] = [shareKey(charge, refund, to), to === 'broker' ? 'fee_kept' : 'fee_returned'];
  if (entries.length > 0) await postEvent(tx, { key, kind, receipt_key: charge.processor_key, at, entries });
}
