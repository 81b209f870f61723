import { countRedemption, returnRedemption } from '#catalog';
import type { Context } from '#platform/context';
import type { CouponId, OrderId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { type AcceptedOutcome, type Attempt, type Charge, markAttempt } from '#payments';
import { lockProfile } from '#profiles';
import { bookOrder } from './book-order.ts';
import {
  type OrderLine,
  updateOrderState,
  findOrderLines,
  lockPayableOrder,
  lockReservedOrder,
} from '../records/index.ts';

/**
 * Last step of a checkout whose payment was accepted: books the order and the charge in one transaction.
 * Answers null when somebody else (the request or the job) was first. An order that was given up is booked like an open one:
 * the money has moved after all.
 *
 * Locks: the payer's profile, then the order.
 */
export async function settleOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  answer: AcceptedOutcome,
): Promise<Charge | null> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const order = await lockPayableOrder(tx, order_id);
    if (!order) return null;
    const lines = await findOrderLines(tx, order.id);
    // The uses were given back; who paid the lower price has one, even if it was the last.
    if (order.state === 'given_up') for (const id of collectCouponIds(lines)) await countRedemption(tx, id);
    return bookOrder(tx, order, lines, { attempt, answer }, ctx.clock.now());
  });
}

/**
 * Last step of a checkout whose payment was refused, or never reached the processor: the order is refused for good or given up, uses
 * of coupons are given back, the cart stays as it was.
 */
export async function closeUnpaidOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  reason: { state: 'declined' | 'failed'; code: string; detail: string },
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const order = await lockReservedOrder(tx, order_id);
    if (!order) return;
    const at = ctx.clock.now();
    for (const id of collectCouponIds(await findOrderLines(tx, order.id))) await returnRedemption(tx, id);
    await updateOrderState(tx, order.id, reason.state === 'failed' ? 'given_up' : 'refused', at);
    await markAttempt(tx, attempt, reason.state, reason, at);
  });
}

function collectCouponIds(lines: readonly OrderLine[]): CouponId[] {
  const coupons = new Set<CouponId>(lines.flatMap((line) => line.coupon_id ?? []));
  return [...coupons].toSorted((a, b) => a - b);
}
