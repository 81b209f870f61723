import { findPlansByIds } from '#catalog';
import { invalidInput } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction, isUniqueViolation } from '#platform/db';
import type { CartItemId, UseChargeId } from '#platform/db-schema';
import type { CartItem, WantedItem } from './cart-item.ts';
import { findCartItem, updateCartItem } from './cart-item-store.ts';

/**
 * Changes an item of a cart; what is left out keeps its value. Undefined when it has left the cart meanwhile.
 * @throws invalid_input (400) naming `sync_on` or `use`
 */
export async function changeCartItem(
  ctx: Context,
  id: CartItemId,
  wish: Partial<Pick<WantedItem, 'option' | 'quantity' | 'full_name' | 'email' | 'sync_on'>> & {
    use?: number | string | null | undefined;
  },
): Promise<CartItem | undefined> {
  const { option, quantity, full_name, email, sync_on, use } = wish;
  const use_charge_id = use === undefined || use === null ? use : await useChargeOf(ctx, id, use);
  const change = {
    ...(use_charge_id === undefined ? {} : { use_charge_id }),
    ...(option === undefined ? {} : { option }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(full_name === undefined ? {} : { full_name }),
    ...(email === undefined ? {} : { email }),
    ...(sync_on === undefined ? {} : { sync_on: normalizeCode(sync_on ?? '') || null }),
  };
  if (Object.keys(change).length === 0) return findCartItem(ctx.db, id);
  try {
    return await inTransaction(ctx.db, (tx) => updateCartItem(tx, id, change));
  } catch (error) {
    if (isUniqueViolation(error)) throw invalidInput({ sync_on: ['The cart holds the same for this person already.'] });
    throw error;
  }
}

/** Finds a use charge of the plan of an item by its id or slug. @throws invalid_input (400) naming `use` */
async function useChargeOf(ctx: Context, id: CartItemId, use: number | string): Promise<UseChargeId> {
  const item = await findCartItem(ctx.db, id);
  const plan = item && (await findPlansByIds(ctx.db, [item.plan_id])).get(item.plan_id);
  const found = plan?.use_charges.find((each) => each.id === use || each.slug === use);
  if (!found) throw invalidInput({ use: ['The plan of this item has no such use charge.'] });
  return found.id;
}
