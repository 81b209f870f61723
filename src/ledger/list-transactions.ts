import { type Expression, type SqlBool, sql } from 'kysely';
import type { Money } from '#kernel/money';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { filterRows, listPage } from '#platform/db/list';
import { findStatementBalance, findUnpaidOrders } from './balance-store.ts';
import { type BalancePage, lastInstant, type Range, upToNow, withBalance } from './balance-page.ts';
import { accounts } from './entry.ts';
import { presentTransactions } from './present-transactions.ts';
import type { PresentedTransaction } from './schemas.ts';
import {
  accountMatches,
  isHistoryOf,
  isOneOf,
  isSaleOf,
  movesFundsOf,
  newestFirst,
  oldestFirst,
  selectEntries,
  sumEntries,
  touchesAccount,
} from './transaction-store.ts';

/** What was asked of a list, and where its pages are. */
export interface ListRequest {
  list: ListQuery;
  url: URL;
  /** Narrows a subscriber's lists to what involves these providers; absent or null: all of them. */
  sellers?: readonly ProfileId[] | null;
}

type TransactionsPage = BalancePage<PresentedTransaction>;

/** Lists the orders that a profile has not paid, newest first; the balance is what it owes. */
export async function listBalance(ctx: Context, profile_id: ProfileId, asked: ListRequest): Promise<TransactionsPage> {
  const until = lastInstant(asked.list, ctx.clock.now());
  const unpaid = await findUnpaidOrders(ctx.db, profile_id, until, asked.sellers);
  const { totals } = await findStatementBalance(ctx.db, profile_id, until, asked.sellers);
  return pageOfEntries(ctx, asked, newestFirst, isOneOf(unpaid.map(({ id }) => id)), profile_id, async () => totals);
}

/** Lists what happened on a profile's account as a subscriber; the balance is what it owes now. */
export async function listHistory(ctx: Context, profile_id: ProfileId, asked: ListRequest): Promise<TransactionsPage> {
  const { sellers } = asked;
  const { totals } = await findStatementBalance(ctx.db, profile_id, ctx.clock.now(), sellers);
  return pageOfEntries(ctx, asked, oldestFirst, isHistoryOf(profile_id, sellers), profile_id, async () => totals);
}

/** Lists the sales of a provider, paid or not; the balance is their sum. */
export async function listReceivables(
  ctx: Context,
  profile_id: ProfileId,
  asked: ListRequest,
): Promise<TransactionsPage> {
  return pageOfEntries(ctx, asked, oldestFirst, isSaleOf(profile_id), profile_id, async (entries) => {
    const sums = await sumEntries(ctx.db, entries, { in: sql<SqlBool>`false`, out: sql<SqlBool>`true` });
    return sums.map(({ amount, unit }) => ({ amount: -amount, unit }));
  });
}

/** Lists what moved a provider's funds; the balance is what came in less what went out. */
export async function listTransfers(
  ctx: Context,
  profile_id: ProfileId,
  asked: ListRequest,
): Promise<TransactionsPage> {
  const funds = { profile_id, account: accounts.funds };
  return pageOfEntries(ctx, asked, oldestFirst, movesFundsOf(profile_id), profile_id, (entries) =>
    sumEntries(ctx.db, entries, {
      in: sql<SqlBool>`dest_profile_id = ${funds.profile_id} and dest_account = ${funds.account}`,
      out: sql<SqlBool>`orig_profile_id = ${funds.profile_id} and orig_account = ${funds.account}`,
    }),
  );
}

/** Lists the whole ledger, or the accounts whose names contain `selector`; the balance is theirs. Seen by the broker. */
export async function listTransactions(ctx: Context, selector: string, asked: ListRequest): Promise<TransactionsPage> {
  return pageOfEntries(ctx, asked, oldestFirst, touchesAccount(selector), ctx.site.broker_id, (entries) =>
    sumEntries(ctx.db, entries, {
      in: accountMatches('dest_account', selector),
      out: accountMatches('orig_account', selector),
    }),
  );
}

type Entries = ReturnType<typeof selectEntries>;

async function pageOfEntries(
  ctx: Context,
  asked: ListRequest,
  spec: typeof oldestFirst,
  listed: Expression<SqlBool>,
  viewer_id: ProfileId,
  balanceOf: (entries: Entries) => Promise<Money[]>,
): Promise<TransactionsPage> {
  const range: Range = upToNow(asked.list, ctx.clock.now());
  const query = selectEntries(ctx.db).where(listed);
  const page = await listPage(query, spec, range.list, asked.url);
  const results = await presentTransactions(ctx.db, page.results, viewer_id, ctx.lang);
  const balances = await balanceOf(filterRows(query, spec, range.list));
  return withBalance({ ...page, results }, range, balances);
}
