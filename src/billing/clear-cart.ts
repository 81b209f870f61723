import { findPlanBySlug } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db';
import type { UserId } from '#platform/db-schema';
import { handleSpellings } from './beneficiary.ts';
import type { CartOwner } from './cart-item.ts';
import { deleteCartItems } from './cart-item-store.ts';
import { deleteShownItems } from './shown-line-store.ts';

/**
 * Takes items out of a cart: those for a plan, those for an e-mail, or all of them.
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
      ...(plan ? { plan_id: plan.id } : {}),
      ...(filter.email ? { emails: handleSpellings(filter.email) } : {}),
    });
    await deleteShownItems(tx, owner, ids);
  });
}

/** Empties the open cart of a user in the caller's transaction. */
export async function emptyCart(tx: Tx, user_id: UserId): Promise<void> {
  await deleteCartItems(tx, { user_id }, {});
}
