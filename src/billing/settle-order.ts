import { returnRedemption } from '#catalog';
import type { Context } from '#platform/context';
import type { CouponId, OrderId } from '#platform/db-schema';
import { inTransaction, type Tx } from '#platform/db';
import { type AcceptedAnswer, type Attempt, type Charge, markAttempt } from '#payments';
import { lockProfile } from '#profiles';
import { bookOrder } from './book-order.ts';
import { closeOrder, findOrder, findOrderLines, lockReservedOrder } from './order-store.ts';

/**
 * Last step of a checkout whose payment was accepted: books the order and the charge in one transaction.
 * Answers null when somebody else (the request or the job) was first.
 *
 * Locks: the payer's profile, then the order.
 */
export async function settleOrder(
  ctx: Context,
  order_id: OrderId,
  attempt: Attempt,
  answer: AcceptedAnswer,
): Promise<Charge | null> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const order = await lockReservedOrder(tx, order_id);
    if (!order) return null;
    const lines = await findOrderLines(tx, order.id);
    return bookOrder(tx, order, lines, { attempt, answer }, ctx.clock.now());
  });
}

/**
 * Last step of a checkout whose payment was refused, or never reached the processor: the order is closed for good, uses of coupons
 * are given back, the cart stays as it was.
 */
export async function refuseOrder(
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
    await giveRedemptionsBack(tx, order.id);
    await closeOrder(tx, order.id, 'refused', at);
    await markAttempt(tx, attempt, reason.state, reason, at);
  });
}

async function giveRedemptionsBack(tx: Tx, order_id: OrderId): Promise<void> {
  const lines = await findOrderLines(tx, order_id);
  const coupons = new Set<CouponId>(lines.flatMap((line) => line.coupon_id ?? []));
  for (const coupon_id of [...coupons].toSorted((a, b) => a - b)) await returnRedemption(tx, coupon_id);
}

/** Says whether an order was settled meanwhile by somebody else. */
export async function isSettled(ctx: Context, order_id: OrderId): Promise<boolean> {
  return (await findOrder(ctx.db, order_id))?.state === 'settled';
}
