import { countRedemptions, lockCoupons, releaseRedemption } from '#catalog';
import type { Context } from '#platform/context';
import type { CouponId, OrderId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { type AcceptedOutcome, type Attempt, type Charge, closeUnpaidAttempt } from '#payments';
import { lockProfile } from '#profiles';
import { bookOrder } from './book-order.ts';
import { loadBooking, lockAndLoadBooking } from './load-booking.ts';
import { type OrderLine, updateOrderState, findOrderLines, lockReservedOrder } from '../records/index.ts';

/**
 * Last step of a checkout whose payment was accepted: books the order and the charge in one transaction. Returns null
 * if a concurrent request or job already settled or refused the order. A given-up order is booked too, because it is
 * paid. `is_automatic`: no order is confirmed by e-mail, because the receipt is enough.
 *
 * Locks: the payer's profile, the order, the slots of its subscriptions, then the subscriptions.
 */
export async function settleOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  outcome: AcceptedOutcome,
  { is_automatic = false }: { is_automatic?: boolean } = {},
): Promise<Charge | null> {
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAndLoadBooking(tx, attempt.profile_id, order_id);
    if (!locked) return null;
    const { order, lines } = locked;
    let { loaded } = locked;
    // The redemptions were released. Counts them again where one is left; the paid order keeps its price in any case.
    if (order.state === 'given_up') {
      const coupons = collectCouponIds(lines);
      await lockCoupons(tx, coupons);
      await countRedemptions(tx, coupons);
      loaded = await loadBooking(tx, order);
    }
    const payment = { attempt, outcome };
    return bookOrder(ctx, tx, { order, lines, payment, is_automatic, at: ctx.clock.now() }, loaded);
  });
}

/**
 * Last step of a checkout without a payment. Refuses the order if the payment was declined; gives it up if the charge
 * never reached the processor. Releases the redemptions of coupons. The cart is unchanged. No effect on a closed order.
 * `also` runs in the same transaction.
 *
 * Locks: the payer's profile, then the order.
 */
export async function closeUnpaidOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  reason: { state: 'declined' | 'failed'; code: string; detail: string },
  also?: (tx: Tx) => Promise<void>,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const order = await lockReservedOrder(tx, order_id);
    if (!order) return;
    const at = ctx.clock.now();
    for (const id of collectCouponIds(await findOrderLines(tx, order.id))) await releaseRedemption(tx, id);
    await updateOrderState(tx, order.id, reason.state === 'failed' ? 'given_up' : 'refused', at);
    await closeUnpaidAttempt(tx, attempt, reason.state, reason, at);
    await also?.(tx);
  });
}

function collectCouponIds(lines: readonly OrderLine[]): CouponId[] {
  const coupons = new Set<CouponId>(lines.flatMap((line) => line.coupon_id ?? []));
  return [...coupons].toSorted((a, b) => a - b);
}
