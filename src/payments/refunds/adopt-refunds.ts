import { inTransaction, type Tx } from '#platform/db/database';
import { type PaymentContext, type RefundReport, withProcessorTimeout } from '../processors/index.ts';
import { type Charge, findRefundByKey, findRemainingLines, lockCharge, type RemainingLine } from '../records/index.ts';
import { bookExchanges } from './book-exchanges.ts';
import { reserveRefund, type WantedRefund } from './reserve-refund.ts';
import { revertRefund } from './revert-refund.ts';
import { settleRefund } from './settle-refund.ts';

/**
 * Books the refunds of a charge that Tollgate did not book, each once: those that were made without it, over the lines
 * in their order, and those of its own that it took for failed. A key that no refund of this site has is a foreign one.
 * One that failed after it had succeeded is reversed.
 * @throws processor_unreachable (503); refund_in_flight, charge_not_refundable, refund_exceeds_line (405) while the
 * charge does not allow the refund that was made
 */
export async function adoptRefunds(ctx: PaymentContext, charge: Charge): Promise<void> {
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  const reports = await withProcessorTimeout(ctx, processor.findRefunds({ processor_key, account }));
  for (const report of reports) {
    if (report.state !== 'succeeded') await revertRefund(ctx, charge, report);
    else await inTransaction(ctx.db, (tx) => adoptRefund(ctx, tx, charge, report));
  }
  await bookExchanges(ctx, charge, reports);
}

async function adoptRefund(
  ctx: PaymentContext,
  tx: Tx,
  { id, processor }: Charge,
  { key: given_key, processor_key, amount }: RefundReport,
): Promise<void> {
  const charge = await lockCharge(tx, id);
  const at = ctx.clock.now();
  const own = given_key === null ? undefined : await findRefundByKey(tx, given_key);
  if (own?.charge_id === id) return settleRefund(tx, ctx.processors, own, { outcome: 'refunded' }, at);
  const key = `${processor}:refund:${processor_key}`;
  if (await findRefundByKey(tx, key)) return;
  // What goes back of the broker's share of a direct charge is reported apart (`adoptFeeReturns`).
  const { returns_fee, may_overdraw } = ctx.processors.getByName(processor);
  const terms = { returns_fee, may_overdraw, returns_broker_fee: charge.account === '' };
  const wanted = spreadRefund(await findRemainingLines(tx, charge, terms), amount);
  const refund = await reserveRefund(tx, id, wanted, { terms, created_by: null, key, is_made: true, at });
  await settleRefund(tx, ctx.processors, refund, { outcome: 'refunded' }, at);
}

/**
 * Spreads an amount over the lines of a charge in their order, each up to what the card may get back. The last line
 * takes what is left, so that an amount that exceeds the charge is refused. Pure.
 */
export function spreadRefund(lines: readonly Pick<RemainingLine, 'refundable'>[], amount: number): WantedRefund[] {
  let left = amount;
  return lines.flatMap(({ refundable }, num) => {
    const refunded_amount = num === lines.length - 1 ? left : Math.min(left, refundable);
    left -= refunded_amount;
    return refunded_amount === 0 ? [] : { num, refunded_amount };
  });
}
