import { invalidInput } from '#kernel/problem';
import { normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction, isUniqueViolation } from '#platform/db';
import type { CartItemId } from '#platform/db-schema';
import type { CartItem, WantedItem } from './cart-item.ts';
import { findCartItem, updateCartItem } from './cart-item-store.ts';

/**
 * Changes an item of a cart; what is left out keeps its value. Undefined when it has left the cart meanwhile.
 * @throws invalid_input (400) naming `sync_on`
 */
export async function changeCartItem(
  ctx: Context,
  id: CartItemId,
  wish: Partial<Pick<WantedItem, 'option' | 'quantity' | 'full_name' | 'email' | 'sync_on'>>,
): Promise<CartItem | undefined> {
  const { option, quantity, full_name, email, sync_on } = wish;
  const change = {
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
