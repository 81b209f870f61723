import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { runTogether } from '#platform/db/together';
import { inTransaction, type Tx } from '#platform/db/database';
import {
  findCartItems,
  moveVisitorItems,
  anyOpenItem,
  rememberedCode,
  deleteRememberedCoupon,
  upsertRememberedCoupon,
  itemIdentity,
  itemKey,
  deleteShownItems,
  findShownLines,
  moveShownLines,
} from '../records/index.ts';
import { applyCode } from './redeem-coupon.ts';

/**
 * Moves the cart that a browser filled before sign-in to the signed-in user: items with their options, uses and
 * coupons, the remembered code and the shown lines. Every page and route of the cart runs it first: one query if
 * there is nothing to move.
 *
 * @see docs/spec/billing.md 4.4
 */
export async function mergeVisitorCart(ctx: Context): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== 'user' || actor.visitor_hash === null) return;
  const { user_id, visitor_hash } = actor;
  const { has_items, code } = await runTogether(ctx.db, {
    has_items: anyOpenItem({ visitor_hash }),
    code: rememberedCode({ visitor_hash }),
  });
  if (!has_items && code === null) return;
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await moveItems(tx, visitor_hash, user_id);
    const code_moved = await deleteRememberedCoupon(tx, { visitor_hash });
    if (code_moved === null) return;
    await upsertRememberedCoupon(tx, { user_id }, code_moved, at);
    await applyCode(tx, { user_id }, code_moved, at);
  });
}

/**
 * Keeps the user's item where both carts hold the same plan, use and person. If the browser was shown another offer for
 * it, the shown line of the user's item is deleted.
 */
async function moveItems(tx: Tx, visitor_hash: string, user_id: UserId): Promise<void> {
  const own = await findShownLines(tx, { user_id }, 'cart');
  const ofBrowser = await findShownLines(tx, { visitor_hash }, 'cart');
  const [before, waiting] = [await findCartItems(tx, { user_id }), await findCartItems(tx, { visitor_hash })];
  const moved = await moveVisitorItems(tx, visitor_hash, user_id);
  const offerOf = (lines: typeof own, key: string) => lines.find((line) => line.key === key)?.offer;
  const stale = waiting
    .filter(({ id }) => !moved.includes(id))
    .flatMap((item) => {
      const held = before.find((each) => itemIdentity(each) === itemIdentity(item));
      if (!held || offerOf(own, itemKey(held.id)) === offerOf(ofBrowser, itemKey(item.id))) return [];
      return [held.id];
    });
  await deleteShownItems(tx, { user_id }, stale);
  await moveShownLines(tx, visitor_hash, user_id, moved);
}
