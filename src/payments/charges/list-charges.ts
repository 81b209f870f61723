import { type BalancePage, boundToNow, addBalance } from '#ledger';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import { listChargeRows } from './charge-list-store.ts';
import { presentCharge } from './present-charge.ts';
import type { ChargeBody } from './schemas.ts';

/** Lists the charges of all profiles, with the sum of the charges that match the query. */
export async function listCharges(ctx: Context, list: ListQuery, url: URL): Promise<BalancePage<ChargeBody>> {
  const range = boundToNow(list, ctx.clock.now());
  const is_whole = list.start_at === null && list.ends_at === null;
  const until = is_whole ? range.list.ends_at : null;
  const { page, sums } = await listChargeRows(ctx.db, range.list, until, url);
  const results = page.results.map((charge) => presentCharge(charge, undefined, ctx.lang));
  return addBalance({ ...page, results }, range, sums);
}
