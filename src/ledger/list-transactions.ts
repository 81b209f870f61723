import type { Expression, RawBuilder } from 'kysely';
import type { Money } from '#kernel/money';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { filterRows, listPage, searchPageAndSums } from '#platform/db/list';
import { mergeReads } from '#platform/db/merge-reads';
import { readBatches } from '#platform/lists/read-batches';
import { findStatementBalance, matchUnpaid } from './balance-store.ts';
import { type BalancePage, lastInstant, type Range, boundToNow, addBalance } from './balance-page.ts';
import { presentTransactions } from './present-transactions.ts';
import type { PresentedTransaction } from './schemas.ts';
import { allOldestFirst, fundsOldestFirst, salesOldestFirst } from './profile-order-store.ts';
import {
  type EntriesSum,
  type EntryFilter,
  matchAccounts,
  matchFunds,
  matchHistory,
  matchSales,
  manyOldestFirst,
  newestFirst,
  oldestFirst,
  selectAccountsCount,
  selectAccountsSum,
  selectEntries,
  selectFundsSum,
  selectProfileCount,
  selectSalesSum,
  sumAccountsUntil,
  sumProfileUntil,
  toMoney,
} from './transaction-store.ts';

/** A requested list of transactions. */
export interface ListRequest {
  list: ListQuery;
  /** Address of the list, for the links to its pages. */
  url: URL;
  /** Restricts lists of a subscriber to entries that involve these providers; omitted or null: all entries. */
  sellers?: readonly ProfileId[] | null;
  /** Reads the list together with other reads of its caller (`mergeReads`); omitted: the reader of the context. */
  reader?: Reader;
}

/** Lists the unpaid orders of a profile, newest first; the balance is the amount due. */
export async function listBalance(
  ctx: Context,
  profile_id: ProfileId,
  { sellers, ...request }: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  const until = lastInstant(request.list, ctx.clock.now());
  return listEntries(ctx, request, {
    order: newestFirst,
    filter: matchUnpaid(profile_id, until, sellers),
    viewer_id: profile_id,
    sum: async (reader) => (await findStatementBalance(reader, profile_id, until, sellers)).totals,
  });
}

/** Lists the orders, payments and refunds of a profile as a subscriber; the balance is the amount due now. */
export async function listHistory(
  ctx: Context,
  profile_id: ProfileId,
  { sellers, ...request }: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  const now = ctx.clock.now();
  const until = sellers ? null : wholeUntil(request.list, now);
  return listEntries(ctx, request, {
    order: oldestFirst,
    filter: matchHistory(profile_id, sellers),
    viewer_id: profile_id,
    count: until && selectProfileCount(profile_id, 'history', until),
    sum: async (reader) => (await findStatementBalance(reader, profile_id, now, sellers)).totals,
  });
}

/** Yields all transactions of `listHistory` in batches, without its balance. */
export async function* readHistory(
  ctx: Context,
  profile_id: ProfileId,
  { list, sellers }: Pick<ListRequest, 'list' | 'sellers'>,
): AsyncGenerator<PresentedTransaction[]> {
  const query = selectEntries(ctx.db).where(matchHistory(profile_id, sellers));
  const range = boundToNow(list, ctx.clock.now());
  for await (const batch of readBatches(ctx.db, query, oldestFirst, range.list)) {
    yield await presentTransactions(ctx.db, batch, profile_id, ctx.lang);
  }
}

/** Lists the sales of a provider, paid or not, and those taken back; the balance is the sum without the latter. */
export async function listReceivables(
  ctx: Context,
  profile_id: ProfileId,
  request: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  const until = wholeUntil(request.list, ctx.clock.now());
  return listEntries(ctx, request, {
    order: salesOldestFirst(profile_id),
    filter: matchSales(profile_id),
    viewer_id: profile_id,
    count: until && selectProfileCount(profile_id, 'sales', until),
    sum: until && ((reader) => sumProfileUntil(reader, profile_id, 'sales', until)),
    sum_rows: selectSalesSum,
  });
}

/** Lists the entries on the funds of a provider; the balance is received less sent. */
export async function listTransfers(
  ctx: Context,
  profile_id: ProfileId,
  request: ListRequest,
): Promise<BalancePage<PresentedTransaction>> {
  const until = wholeUntil(request.list, ctx.clock.now());
  return listEntries(ctx, request, {
    order: fundsOldestFirst(profile_id),
    filter: matchFunds(profile_id),
    viewer_id: profile_id,
    count: until && selectProfileCount(profile_id, 'funds', until),
    sum: until && ((reader) => sumProfileUntil(reader, profile_id, 'funds', until)),
    sum_rows: (entries) => selectFundsSum(entries, profile_id),
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
  const { list } = request;
  const until = wholeUntil(list, ctx.clock.now());
  return listEntries(ctx, request, {
    order: selector === '' ? allOldestFirst : manyOldestFirst,
    filter: matchAccounts(selector),
    viewer_id: ctx.site.broker_id,
    count: until && selectAccountsCount(selector, until),
    sum: until && ((reader) => sumAccountsUntil(reader, selector, until)),
    sum_rows: (entries) => selectAccountsSum(entries, selector),
  });
}

/** Yields all transactions of `listTransactions` in batches, without its balance. */
export async function* readTransactions(
  ctx: Context,
  selector: string,
  list: ListQuery,
): AsyncGenerator<PresentedTransaction[]> {
  const query = selectEntries(ctx.db).where(matchAccounts(selector));
  const range = boundToNow(list, ctx.clock.now());
  for await (const batch of readBatches(ctx.db, query, oldestFirst, range.list)) {
    yield await presentTransactions(ctx.db, batch, ctx.site.broker_id, ctx.lang);
  }
}

/** Returns the end (exclusive) of a list without bounds of its own; null for a list of a requested period. */
function wholeUntil(list: ListQuery, now: Date): Date | null {
  return list.start_at === null && list.ends_at === null ? boundToNow(list, now).list.ends_at : null;
}

interface Listing {
  order: typeof newestFirst | typeof manyOldestFirst | ReturnType<typeof salesOldestFirst>;
  filter: EntryFilter;
  viewer_id: ProfileId;
  /** Counts the entries of the list when it is not searched; without it, they are counted one by one. */
  count?: RawBuilder<{ count: number }> | null;
  /** Returns the balance of all pages of the list when it is not searched, or always without `sum_rows`. */
  sum?: ((reader: Reader) => Promise<Money[]>) | null;
  /** Selects the balance of the entries of all pages. */
  sum_rows?: (entries: Expression<unknown>) => RawBuilder<EntriesSum>;
}

async function listEntries(
  ctx: Context,
  { list, url, reader = ctx.db }: ListRequest,
  { order, filter, viewer_id, count = null, sum = null, sum_rows }: Listing,
): Promise<BalancePage<PresentedTransaction>> {
  const range: Range = boundToNow(list, ctx.clock.now());
  const query = selectEntries(reader).where(filter);
  const is_summed = list.terms.length > 0 || !sum;
  const searched =
    sum_rows && is_summed ? await searchPageAndSums(reader, query, order, range.list, url, sum_rows) : null;
  const [page, balances] = searched
    ? [searched.page, toMoney(searched.sums)]
    : await mergeReads(reader, [
        (together) => listPage(together, query, order, range.list, url, { count }),
        async (together) =>
          sum_rows && is_summed
            ? toMoney((await sum_rows(filterRows(query, order, range.list)).execute(together)).rows)
            : ((await sum?.(together)) ?? []),
      ]);
  const results = await presentTransactions(reader, page.results, viewer_id, ctx.lang);
  return addBalance({ ...page, results }, range, balances);
}
