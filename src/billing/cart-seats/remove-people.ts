import type { Context } from '#platform/context';
import type { PlanId, UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { findSeatsInOrder } from '../cart/index.ts';
import { deleteCartItems, deleteShownItems } from '../records/index.ts';

/**
 * Removes the seats of one plan from the cart: that of one address, or all of them. The buyer's own item stays.
 *
 * Locks: the items of the cart.
 */
export async function removePeople(
  ctx: Context,
  user_id: UserId,
  { plan_id, email }: { plan_id: PlanId; email: string | null },
): Promise<void> {
  const owner = { user_id };
  await inTransaction(ctx.db, async (tx) => {
    const kept = await findSeatsInOrder(tx, owner);
    const ids = await deleteCartItems(tx, owner, {
      plan_id,
      kept,
      seats_only: true,
      ...(email === null ? {} : { emails: [email] }),
    });
    await deleteShownItems(tx, owner, ids);
  });
}
