import type { Money } from '#kernel/money';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { filterRows, listPage } from '#platform/db/list';
import { findStatementBalance, findUnpaidOrders } from './balance-store.ts';
import { type BalancePage, lastInstant, type Range, boundToNow, addBalance } from './balance-page.ts';
import { presentTransactions } from './present-transactions.ts';
import type { PresentedTransaction } from './schemas.ts';
import {
  type EntryFilter,
  matchAccounts,
  matchFunds,
  matchHistory,
  matchIds,
  matchSales,
  newestFirst,
  oldestFirst,
  selectEntries,
  type SelectedEntries,
  sumAccounts,
  sumFunds,
  sumSales,
} from './transaction-store.ts';

/** A requested list of transactions. */
export interface ListRequest {
  list: ListQuery;
  /** Address of the list, for the links to its pages. */
  url: URL;
  /** Restricts lists of a subscriber to entries that involve these providers; omitted or null: all entries. */
  sellers?: readonly ProfileId[] | null;
}

/** Lists the unpaid orders of a profile, newest first; the balance is the amount due. */
export async function listBalance(
  ctx: Context,
  profile_id: ProfileId,
  { sellers, ...request }: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  const until = lastInstant(request.list, ctx.clock.now());
  const unpaid = await findUnpaidOrders(ctx.db, profile_id, until, sellers);
  const { totals } = await findStatementBalance(ctx.db, profile_id, until, sellers);
  const filter = matchIds(unpaid.map(({ id }) => id));
  return listEntries(ctx, request, { order: newestFirst, filter, viewer_id: profile_id, sum: async () => totals });
}

/** Lists the orders, payments and refunds of a profile as a subscriber; the balance is the amount due now. */
export async function listHistory(
  ctx: Context,
  profile_id: ProfileId,
  { sellers, ...request }: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  const { totals } = await findStatementBalance(ctx.db, profile_id, ctx.clock.now(), sellers);
  const filter = matchHistory(profile_id, sellers);
  return listEntries(ctx, request, { order: oldestFirst, filter, viewer_id: profile_id, sum: async () => totals });
}

/** Lists the sales of a provider, paid or not; the balance is their sum. */
export async function listReceivables(
  ctx: Context,
  profile_id: ProfileId,
  request: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  return listEntries(ctx, request, {
    order: oldestFirst,
    filter: matchSales(profile_id),
    viewer_id: profile_id,
    sum: (entries) => sumSales(ctx.db, entries),
  });
}

/** Lists the entries on the funds of a provider; the balance is received less sent. */
export async function listTransfers(
  ctx: Context,
  profile_id: ProfileId,
  request: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  return listEntries(ctx, request, {
    order: oldestFirst,
    filter: matchFunds(profile_id),
    viewer_id: profile_id,
    sum: (entries) => sumFunds(ctx.db, entries, profile_id),
  });
}

/**
 * Lists the entries on accounts whose names contain `selector`, for the broker; the balance is that of these accounts.
 */
export async function listTransactions(
  ctx: Context,
  selector: string,
  request: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  return listEntries(ctx, request, {
    order: oldestFirst,
    filter: matchAccounts(selector),
    viewer_id: ctx.site.broker_id,
    sum: (entries) => sumAccounts(ctx.db, entries, selector),
  });
}

interface Listing {
  order: typeof oldestFirst;
  filter: EntryFilter;
  viewer_id: ProfileId;
  /** Returns the balance of all pages of the list. */
  sum(entries: SelectedEntries): Promise<Money[]>;
}

async function listEntries(
  ctx: Context,
  { list, url }: ListRequest,
  { order, filter, viewer_id, sum }: Listing,
): Promise<BalancePage<PresentedTransaction>> {
  const range: Range = boundToNow(list, ctx.clock.now());
  const query = selectEntries(ctx.db).where(filter);
  const page = await listPage(query, order, range.list, url);
  const results = await presentTransactions(ctx.db, page.results, viewer_id, ctx.lang);
  const balances = await sum(filterRows(query, order, range.list));
  return addBalance({ ...page, results }, range, balances);
}
