import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import {
  findCartItems,
  moveVisitorItems,
  findRememberedCoupon,
  forgetCoupon,
  rememberCoupon,
  itemKey,
  deleteShownItems,
  findShownLines,
  moveShownLines,
} from '../records/index.ts';
import { applyCode } from './redeem-coupon.ts';

/**
 * Moves what a browser gathered before its user signed in to the user's cart, with options, uses, coupons and what was shown.
 * Two queries when there is nothing to move: every page and call around the cart runs it first.
 * @see spec/billing.md 4.4
 */
export async function mergeVisitorCart(ctx: Context): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== 'user' || actor.visitor_hash === null) return;
  const { user_id, visitor_hash } = actor;
  const waiting = await findCartItems(ctx.db, { visitor_hash });
  const code = await findRememberedCoupon(ctx.db, { visitor_hash });
  if (waiting.length === 0 && code === null) return;
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await moveItems(tx, visitor_hash, user_id);
    const taken = await forgetCoupon(tx, { visitor_hash });
    if (taken === null) return;
    await rememberCoupon(tx, { user_id }, taken, at);
    await applyCode(tx, { user_id }, taken, at);
  });
}

/**
 * An item that the user's cart has already stays as the user chose it. Where the browser was shown another offer for it,
 * the user's own line no longer counts as shown.
 */
async function moveItems(tx: Tx, visitor_hash: string, user_id: UserId): Promise<void> {
  const own = await findShownLines(tx, { user_id }, 'cart');
  const theirs = await findShownLines(tx, { visitor_hash }, 'cart');
  const [before, waiting] = [await findCartItems(tx, { user_id }), await findCartItems(tx, { visitor_hash })];
  const moved = await moveVisitorItems(tx, visitor_hash, user_id);
  const offerOf = (lines: typeof own, key: string) => lines.find((line) => line.key === key)?.offer;
  const stale = waiting
    .filter(({ id }) => !moved.includes(id))
    .flatMap((item) => {
      const held = before.find((each) => placeOf(each) === placeOf(item));
      if (!held || offerOf(own, itemKey(held.id)) === offerOf(theirs, itemKey(item.id))) return [];
      return [held.id];
    });
  await deleteShownItems(tx, { user_id }, stale);
  await moveShownLines(tx, visitor_hash, user_id, moved);
}

function placeOf(item: { plan_id: number; use_charge_id: number | null; sync_on: string | null }): string {
  return JSON.stringify([item.plan_id, item.use_charge_id, item.sync_on?.toLowerCase() ?? '']);
}

/** Whose cart this caller fills: the user's, or the browser's. */
export function ownerOf(ctx: Context, visitor_hash: string): { user_id: UserId } | { visitor_hash: string } {
  return ctx.actor.kind === 'user' ? { user_id: ctx.actor.user_id } : { visitor_hash };
}
