import type { ListQuery, Page } from '#kernel/page';
import { presentTransactions, type PresentedTransaction } from '#ledger';
import type { Context } from '#platform/context';
import { listPointEntries } from './entry-point-store.ts';
import type { EntryPoint } from './entry-rows-store.ts';
import { isOfOrders } from './entry-series.ts';

/** An entry with what it adds to the point of a report. */
export type CountedTransaction = PresentedTransaction & { counted: number };

export interface EntriesOfPoint extends Page<CountedTransaction> {
  /** Sum of what the entries of all pages add to the point; null for entries of any unit. */
  counted_amount: number | null;
  /** Distinct customers of the orders of all pages; null for series of other entries. */
  customers_count: number | null;
}

/** Lists the ledger entries behind a point of a report of a provider, newest first. */
export async function readEntriesOfPoint(
  ctx: Context,
  point: EntryPoint,
  list: ListQuery,
  url: URL,
): Promise<EntriesOfPoint> {
  const { page, sums } = await listPointEntries(ctx.db, point, list, url);
  const presented = await presentTransactions(ctx.db, page.results, point.provider_id, ctx.lang);
  return {
    ...page,
    results: presented.map((each, index) => ({ ...each, counted: page.results[index]?.counted ?? 0 })),
    counted_amount: point.unit === null ? null : sums.amount,
    customers_count: isOfOrders(point.series) ? sums.customers_count : null,
  };
}
