import { findPlansByIds, findUseCharge, refuseSoldQuantity } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, isUniqueViolation } from '#platform/db/database';
import type { CartItemId, UseChargeId } from '#platform/db/db-schema';
import { normalizeHandle, requireReachable } from '../quotes/index.ts';
import { type CartItem, type WantedItem, findCartItem, updateCartItem } from '../records/index.ts';

/**
 * Updates an item of a cart; omitted members keep their value. Returns undefined if the item is no longer in a cart.
 * @throws invalid_input (400) naming `sync_on`, `quantity` or `use`
 */
export async function changeCartItem(
  ctx: Context,
  id: CartItemId,
  wanted: Partial<Pick<WantedItem, 'option' | 'quantity' | 'full_name' | 'email' | 'sync_on'>> & {
    use?: number | string | null | undefined;
  },
): Promise<CartItem | undefined> {
  const { option, quantity, full_name, email, sync_on, use } = wanted;
  const use_charge_id = use === undefined || use === null ? use : await getUseChargeId(ctx, id, use);
  const change = {
    ...(use_charge_id === undefined ? {} : { use_charge_id }),
    ...(option === undefined ? {} : { option }),
    ...(quantity === undefined ? {} : { quantity }),
    ...(full_name === undefined ? {} : { full_name }),
    ...(email === undefined ? {} : { email: normalizeHandle(email ?? '') || null }),
    ...(sync_on === undefined ? {} : { sync_on: normalizeHandle(sync_on ?? '') || null }),
  };
  const item = await findCartItem(ctx.db, id);
  if (item === undefined || Object.keys(change).length === 0) return item;
  if (quantity !== undefined) await requireSold(ctx, { ...item, ...change, quantity });
  if ('sync_on' in change || 'email' in change) await requireReachable(ctx.db, [{ ...item, ...change }]);
  try {
    return await inTransaction(ctx.db, (tx) => updateCartItem(tx, id, change));
  } catch (error) {
    if (isUniqueViolation(error)) throw invalidInput({ sync_on: ['The cart already has this plan for this person.'] });
    throw error;
  }
}

/** @throws invalid_input (400) naming `quantity` outside the limits of a plan that is sold by quantity */
async function requireSold({ db }: Context, item: CartItem): Promise<void> {
  if (item.use_charge_id !== null) return;
  const plan = (await findPlansByIds(db, [item.plan_id])).get(item.plan_id);
  const refusal = plan ? refuseSoldQuantity(plan, item.quantity) : null;
  if (refusal !== null) throw invalidInput({ quantity: [refusal] });
}

/**
 * Returns the id of a use charge of the item's plan. `use` is its id or slug.
 * @throws invalid_input (400) naming `use`
 */
async function getUseChargeId(ctx: Context, id: CartItemId, use: number | string): Promise<UseChargeId> {
  const item = await findCartItem(ctx.db, id);
  const plan = item && (await findPlansByIds(ctx.db, [item.plan_id])).get(item.plan_id);
  const found =
    plan && (typeof use === 'string' ? findUseCharge(plan, use) : plan.use_charges.find(({ id }) => id === use));
  if (!found) throw invalidInput({ use: ['The plan of this item has no such use charge.'] });
  return found.id;
}
