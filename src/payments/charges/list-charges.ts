import { type BalancePage, boundToNow, addBalance } from '#ledger';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import { listChargeRows, sumCharges } from './charge-list-store.ts';
import { presentCharge } from './present-charge.ts';
import type { ChargeBody } from './schemas.ts';

/** Lists the charges of all profiles, with the sum of the charges that match the query. */
export async function listCharges(ctx: Context, list: ListQuery, url: URL): Promise<BalancePage<ChargeBody>> {
  const range = boundToNow(list, ctx.clock.now());
  const page = await listChargeRows(ctx.db, range.list, url);
  const sums = await sumCharges(ctx.db, range.list);
  const results = page.results.map((charge) => presentCharge(charge, undefined, ctx.lang));
  return addBalance({ ...page, results }, range, sums);
}
