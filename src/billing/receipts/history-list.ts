import type { FastifyRequest } from 'fastify';
import { findStatementBalance, listHistory, partyOf, type PresentedTransaction, readHistory, sumByUnit } from '#ledger';
import type { ListQuery } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import type { CsvFile } from '#platform/pages/lists/send-csv';
import { viewList } from '#platform/pages/lists/list-view';
import { findPlansHeldBy } from '#subscriptions';
import { findSavedCard } from '#payments';
import { isBrokerManager, type Profile } from '#profiles';
import { findCreditTotals } from '../credits/index.ts';
import { presentSavedCard } from '../cards/index.ts';
import { loadPayerSummary } from '../payer.ts';
import { presentParty } from './party.ts';
import { historyList, type historyPage } from './page-types.ts';
import { viewHeldPlans } from './view-held-plans.ts';
import { viewHistory } from './view-history.ts';

type HistoryRow = Awaited<ReturnType<typeof viewHistory>>[number];

/** Reads what the page of the transactions of a profile shows; three statements, and two for the texts of its rows. */
export async function viewHistoryPage(
  request: FastifyRequest,
  profile: Profile,
): Promise<(typeof historyPage)['samples']['typical']> {
  const { ctx, subject, listUrl: url } = request;
  const asked = askList(request, historyList, profile.default_timezone);
  const sellers = sellersSeenBy(subject);
  const [page, summary, card, held, balance, credit] = await mergeReads(ctx.db, [
    (reader) => listHistory(ctx, profile.id, { list: asked.list, url, sellers, reader }),
    (reader) => loadPayerSummary(reader, profile),
    async (reader) => (sellers === null ? findSavedCard(reader, profile.id) : undefined),
    (reader) => findPlansHeldBy(reader, profile.id, ctx.clock.now(), sellers),
    (reader) => findStatementBalance(reader, profile.id, ctx.clock.now(), sellers),
    (reader) => findCreditTotals(reader, profile.id, sellers),
  ]);
  const results = await viewHistory(ctx.db, page.results, { lang: ctx.lang, timezone: profile.default_timezone });
  const may_order = subject.is_manager && sellers === null;
  return {
    profile: summary,
    balance_amount: page.balance_amount,
    balance_unit: page.balance_unit,
    ...viewHeldPlans(held, balance, { slug: profile.slug, may_order }),
    may_order,
    credit: sumByUnit(credit),
    credits_url: paths.credits(profile.slug),
    address: sellers === null ? presentParty(partyOf(profile), ctx.lang) : null,
    ...cancelLinks(request, profile, page.balance_amount),
    card: card ? presentSavedCard(card) : null,
    transactions: { ...page, results: results.map((row) => ({ ...row, money: moneyOf(row) })) },
    list: viewList(asked, {
      count: page.count,
      empty: {
        title: 'Orders, payments and refunds will be listed here',
        text: 'You have no transactions yet.',
        href: paths.pricing(),
        action: 'See plans and prices',
      },
      csv_path: paths.historyDownload(profile.slug),
    }),
  };
}

/** Addresses at which a seller or the broker settles what is due without a card; null for others. */
function cancelLinks({ subject }: FastifyRequest, { slug }: Profile, due: number) {
  const may_cancel = subject.is_manager && due > 0 && (sellersSeenBy(subject) !== null || isBrokerManager(subject));
  return {
    write_off_url: may_cancel ? paths.cancelBalance(slug) : null,
    paid_elsewhere_url: may_cancel ? paths.cancelBalance(slug, true) : null,
  };
}

/** Amount of a transaction for the profile: negative when the profile pays. Units: 1/100. */
function moneyOf(row: Omit<PresentedTransaction, 'text'>): { amount: number; unit: string } {
  return row.is_debit
    ? { amount: -row.orig_amount, unit: row.orig_unit }
    : { amount: row.dest_amount, unit: row.dest_unit };
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<HistoryRow>[] = [
  { heading: 'Created at', kind: 'day', value: (row) => new Date(row.created_at) },
  { heading: 'Amount', kind: 'decimal', value: (row) => moneyOf(row).amount },
  { heading: 'Unit', kind: 'text', value: (row) => moneyOf(row).unit },
  { heading: 'Description', kind: 'text', value: (row) => row.description },
];

/** Returns the download of the transactions of a profile, with the filters of its page. */
export function historyCsv(request: FastifyRequest, profile: Profile): CsvFile<HistoryRow> {
  const { ctx, subject } = request;
  const reading = { lang: ctx.lang, timezone: profile.default_timezone };
  async function* batches(list: ListQuery): AsyncGenerator<HistoryRow[]> {
    for await (const batch of readHistory(ctx, profile.id, { list, sellers: sellersSeenBy(subject) })) {
      yield await viewHistory(ctx.db, batch, reading);
    }
  }
  return csvOf(askList(request, historyList, profile.default_timezone), { name: 'history', columns, batches });
}
