import { refuseSoldQuantity } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { type Invoicable, updateCartItem } from '../records/index.ts';

/**
 * Saves the quantity that the buyer chose for the invoicable with `key`; no effect without it in the cart.
 * @throws invalid_input (400) naming `quantity`
 */
export async function chooseQuantity(
  ctx: Context,
  invoicables: readonly Invoicable[],
  { key, quantity }: { key: string; quantity: string },
): Promise<void> {
  const chosen = invoicables.find((each) => each.key === key && each.kind === 'cart');
  const line = chosen && [...chosen.lines, ...chosen.options].find(({ kind }) => kind === 'period' || kind === 'trial');
  if (!chosen || !line?.item) return;
  const { item } = line;
  if (!/^[1-9]\d{0,6}$/.test(quantity)) throw invalidInput({ quantity: ['Write a whole number of at least 1.'] });
  const refusal = refuseSoldQuantity(chosen.plan, Number(quantity));
  if (refusal !== null) throw invalidInput({ quantity: [refusal] });
  await inTransaction(ctx.db, (tx) => updateCartItem(tx, item.id, { quantity: Number(quantity) }));
}
