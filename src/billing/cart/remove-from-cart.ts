import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { loadInvoicables } from '../quotes/index.ts';
import { deleteOpenItems, deleteShownItems } from '../records/index.ts';
import type { Payer } from '../payer.ts';
import { findSeatsInOrder } from './clear-cart.ts';

/**
 * Removes every cart item of the invoicable with `key`, duplicates included. Claimed seats in an open order stay.
 *
 * Locks: the items of the cart.
 * @throws beneficiary_unknown (400)
 */
export async function removeFromCart(ctx: Context, { payer, owner }: Payer, key: string): Promise<void> {
  const invoicables = await loadInvoicables(ctx.db, { payer, owner, at: ctx.clock.now() });
  const ids = invoicables
    .filter((each) => each.key === key && each.kind === 'cart')
    .flatMap(({ lines, options, duplicates = [] }) => [
      ...[...lines, ...options].flatMap((line) => line.item?.id ?? []),
      ...duplicates,
    ]);
  await inTransaction(ctx.db, async (tx) => {
    const kept = await findSeatsInOrder(tx, owner);
    const removed = [...new Set(ids)].filter((id) => !kept.includes(id));
    await deleteOpenItems(tx, removed);
    await deleteShownItems(tx, owner, removed);
  });
}
