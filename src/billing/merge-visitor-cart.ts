import type { UserId } from '#platform/db-schema';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { findCartItems, findVisitorCoupon, moveVisitorItems, takeVisitorCoupon } from './cart-item-store.ts';
import { applyCode } from './redeem-coupon.ts';

/**
 * Moves what a browser gathered before its user signed in to the user's cart, with options, uses and coupons.
 * Cheap when there is nothing to move: every page and call around the cart asks for it first.
 * @see spec/billing.md 4.4
 */
export async function mergeVisitorCart(ctx: Context): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== 'user' || actor.visitor_hash === null) return;
  const { user_id, visitor_hash } = actor;
  const waiting = await findCartItems(ctx.db, { visitor_hash });
  const code = await findVisitorCoupon(ctx.db, visitor_hash);
  if (waiting.length === 0 && code === null) return;
  await inTransaction(ctx.db, async (tx) => {
    await moveVisitorItems(tx, visitor_hash, user_id);
    const taken = await takeVisitorCoupon(tx, visitor_hash);
    if (taken !== null) await applyCode(tx, { user_id }, taken, ctx.clock.now());
  });
}

/** Whose cart this caller fills: the user's, or the browser's. */
export function ownerOf(ctx: Context, visitor_hash: string): { user_id: UserId } | { visitor_hash: string } {
  return ctx.actor.kind === 'user' ? { user_id: ctx.actor.user_id } : { visitor_hash };
}
