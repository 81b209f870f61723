import type { AccountsHooks } from '#accounts';
import { findPlanBySlug } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { CartItemId, UserId } from '#platform/db/db-schema';
import { handleSpellings } from '../quotes/index.ts';
import {
  type CartOwner,
  deleteCartItems,
  lockCartItems,
  findItemsInFlight,
  forgetCoupon,
  deleteAllShownLines,
  deleteShownItems,
} from '../records/index.ts';

/**
 * Takes items out of a cart: those for a plan, those for an e-mail, or all of them but claimed seats that are being ordered.
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
      ...(filter.email ? { emails: handleSpellings(filter.email) } : {}),
    });
    await deleteShownItems(tx, owner, ids);
  });
}

/** Empties the open cart of a user in the caller's transaction, and forgets what was shown and which code was entered. */
export async function emptyCart(tx: Tx, user_id: UserId): Promise<void> {
  const owner = { user_id };
  await deleteCartItems(tx, owner, { kept: await findSeatsInOrder(tx, owner) });
  await deleteAllShownLines(tx, owner);
  await forgetCoupon(tx, owner);
}

/** Also empties the cart of a user who is archived: it names other people, and holds seats that others can claim. */
export function emptiesCart(hooks: AccountsHooks): AccountsHooks {
  return {
    ...hooks,
    async onArchive(tx, change, at) {
      await hooks.onArchive(tx, change, at);
      await emptyCart(tx, change.user.id);
    },
  };
}

/**
 * Locks a cart and returns the claimed seats in it that are part of an open order. They stay until the order is closed: the
 * code of a seat that leaves a cart can be used again.
 */
export async function findSeatsInOrder(tx: Tx, owner: CartOwner): Promise<CartItemId[]> {
  const items = await lockCartItems(tx, owner);
  const seats = items.filter(({ claim_id }) => claim_id !== null);
  return findItemsInFlight(
    tx,
    seats.map(({ id }) => id),
  );
}
