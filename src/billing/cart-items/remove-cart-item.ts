import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { findSeatsInOrder } from '../cart/index.ts';
import { billingProblems } from '../problems.ts';
import { type CartItem, deleteOpenItems } from '../records/index.ts';

/**
 * Removes an item from the cart of its user.
 *
 * Locks: the items of the cart.
 * @throws checkout_in_flight (409) if the item is a claimed seat in an open order
 */
export async function removeCartItem(ctx: Context, { id, user_id }: CartItem): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const kept = user_id === null ? [] : await findSeatsInOrder(tx, { user_id });
    if (kept.includes(id)) throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
    await deleteOpenItems(tx, [id]);
  });
}
