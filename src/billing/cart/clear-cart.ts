import type { AccountsHooks } from '#accounts';
import { findPlanBySlug } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { CartItemId, UserId } from '#platform/db/db-schema';
import { expandHandle } from '../quotes/index.ts';
import {
  type CartOwner,
  deleteCartItems,
  lockCartItems,
  findItemsInFlight,
  deleteRememberedCoupon,
  deleteAllShownLines,
  deleteShownItems,
} from '../records/index.ts';

/**
 * Removes items from a cart: those of a plan, those for an e-mail address, or all. Claimed seats in an open order stay.
 *
 * Locks: the items of the cart.
 * @throws invalid_input (400) naming `plan`
 */
export async function clearCart(
  ctx: Context,
  owner: CartOwner,
  filter: { plan?: string | undefined; email?: string | undefined },
): Promise<void> {
  const plan = filter.plan ? await findPlanBySlug(ctx.db, filter.plan) : undefined;
  if (filter.plan && !plan) throw invalidInput({ plan: [`Plan '${filter.plan}' does not exist.`] });
  await inTransaction(ctx.db, async (tx) => {
    const ids = await deleteCartItems(tx, owner, {
      kept: await findSeatsInOrder(tx, owner),
      ...(plan ? { plan_id: plan.id } : {}),
      ...(filter.email ? { emails: expandHandle(filter.email) } : {}),
    });
    await deleteShownItems(tx, owner, ids);
  });
}

/**
 * Empties the open cart of a user; deletes the shown lines and the remembered code. Claimed seats in an open order
 * stay.
 */
export async function emptyCart(tx: Tx, user_id: UserId): Promise<void> {
  const owner = { user_id };
  await deleteCartItems(tx, owner, { kept: await findSeatsInOrder(tx, owner) });
  await deleteAllShownLines(tx, owner);
  await deleteRememberedCoupon(tx, owner);
}

/**
 * Adds to `hooks`: archiving a user empties the cart, which may contain the names of other people, and seats that
 * another user can claim.
 */
export function emptyCartOnArchive(hooks: AccountsHooks): AccountsHooks {
  return {
    ...hooks,
    async onArchive(tx, change, at) {
      await hooks.onArchive(tx, change, at);
      await emptyCart(tx, change.user.id);
    },
  };
}

/**
 * Locks the items of a cart and returns the claimed seats that are part of an open order. They must stay until the
 * order is closed, because the code of a removed seat can be used again.
 */
export async function findSeatsInOrder(tx: Tx, owner: CartOwner): Promise<CartItemId[]> {
  const items = await lockCartItems(tx, owner);
  const seats = items.filter(({ claim_id }) => claim_id !== null);
  return findItemsInFlight(
    tx,
    seats.map(({ id }) => id),
  );
}
