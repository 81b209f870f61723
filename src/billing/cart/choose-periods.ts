import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { type Invoicable, updateCartItem } from '../records/index.ts';

/**
 * Saves the option that the buyer chose for each invoicable. `optionOf` returns the 1-based number for an invoicable
 * key; a number that is no option of the invoicable is ignored.
 */
export async function choosePeriods(
  ctx: Context,
  invoicables: readonly Invoicable[],
  optionOf: (key: string) => number,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    for (const { key, options } of invoicables) {
      const option = optionOf(key);
      if (!Number.isInteger(option) || option < 1 || option > options.length) continue;
      const item = options[option - 1]?.item;
      if (item) await updateCartItem(tx, item.id, { option });
    }
  });
}
