import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { LedgerEventId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { type AskedList, askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import { addressOfList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { humanizeSums } from '#platform/templates/humanize-money';
import { getBroker } from '#profiles';
import { findEventKinds } from '../event-store.ts';
import { listTransactions, readTransactions } from '../list-transactions.ts';
import type { PresentedTransaction } from '../schemas.ts';
import { account_options, transactionsList, transactionsPage } from './page-types.ts';

type Asked = AskedList<typeof transactionsList>;
type PageData = (typeof transactionsPage)['samples']['typical'];

const SELECTOR_LENGTH_MAX = 255;

/** The page of the whole ledger, for the broker. */
export function transactionPages(app: App): void {
  const config = { access: { kind: 'broker' }, page: true } as const;
  const schema = { hide: true } as const;
  app.get('/billing/transactions/', { config, schema }, async (request, reply) =>
    reply.page(transactionsPage, await viewTransactions(request, await ask(request))),
  );
  app.get('/billing/transactions/download/', { config, schema }, async (request, reply) => {
    const asked = await ask(request);
    const batches = (list: Asked['list']) => readTransactions(request.ctx, selectorOf(asked), list);
    return sendCsv(reply, csvOf(asked, { name: 'transactions', columns, batches }));
  });
  const params = Type.Object({ selector: Type.String({ maxLength: SELECTOR_LENGTH_MAX }) });
  app.get('/billing/transactions/:selector/', { config, schema: { ...schema, params } }, async (request, reply) =>
    reply.page(transactionsPage, await viewTransactions(request, await ask(request, request.params.selector))),
  );
}

/** Reads the address of the list. A selector in the path is the filter of the list. */
async function ask({ ctx, listUrl }: FastifyRequest, selector?: string): Promise<Asked> {
  const { default_timezone } = await getBroker(ctx.db, ctx.site);
  const url = new URL(listUrl);
  if (selector !== undefined) {
    url.pathname = paths.transactions();
    url.searchParams.set('selector', selector);
  }
  return askList({ ctx, listUrl: url }, transactionsList, default_timezone);
}

const selectorOf = ({ filters }: Asked): string => filters.selector ?? '';

async function viewTransactions({ ctx, listUrl }: FastifyRequest, asked: Asked): Promise<PageData> {
  const page = await listTransactions(ctx, selectorOf(asked), { list: asked.list, url: listUrl });
  const kinds = await findEventKinds(
    ctx.db,
    page.results.map(({ event_id }) => event_id),
  );
  const list = viewList(asked, {
    count: page.count,
    empty: { title: 'Every movement of money will be listed here', text: 'Nothing was ordered or paid yet.' },
    total: page.count === 0 || page.balances.length === 0 ? null : `${humanizeSums(page.balances, ctx.lang)} balance`,
    options: { selector: account_options },
    csv_path: paths.transactionsDownload(),
  });
  return { events: groupByEvent(asked, page.results, kinds), list };
}

/** Groups neighbours of one event in a list by date; a list in another order is one group without a title. */
function groupByEvent(
  asked: Asked,
  rows: readonly PresentedTransaction[],
  kinds: ReadonlyMap<LedgerEventId, string>,
): PageData['events'] {
  const [first] = asked.list.order;
  if (first?.field !== 'created_at') {
    return rows.length === 0 ? [] : [{ title: null, href: null, rows: rows.map((each) => presentRow(asked, each)) }];
  }
  const events: PageData['events'] = [];
  let last: LedgerEventId | null = null;
  for (const row of rows) {
    if (row.event_id !== last) {
      events.push({ title: titleOf(row, kinds.get(row.event_id) ?? ''), href: row.location, rows: [] });
    }
    events.at(-1)?.rows.push(presentRow(asked, row));
    last = row.event_id;
  }
  return events;
}

/** Says what an event is: `Refund ch_1`, `Order`. */
function titleOf({ receipt_key }: PresentedTransaction, kind: string): string {
  const words = kind.replaceAll('_', ' ');
  const title = words === '' ? 'Event' : `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return receipt_key === null ? title : `${title} ${receipt_key}`;
}

function presentRow(asked: Asked, row: PresentedTransaction): PageData['events'][number]['rows'][number] {
  const side = (profile: PresentedTransaction['orig_profile'], account: string) => ({
    name: profile.printable_name,
    href: paths.accounts(profile.slug),
    account,
    account_href: addressOfList(asked, { selector: account }),
  });
  const sent = { amount: row.orig_amount, unit: row.orig_unit };
  return {
    at: row.created_at,
    from: side(row.orig_profile, row.orig_account),
    to: side(row.dest_profile, row.dest_account),
    text: row.text,
    href: row.location ?? paths.accounts(row.dest_profile.slug),
    money: { amount: row.dest_amount, unit: row.dest_unit },
    sent: sent.unit === row.dest_unit ? null : sent,
  };
}

/** The headings are those of programs that read the file. */
const columns: readonly CsvColumn<PresentedTransaction>[] = [
  { heading: 'created_at', kind: 'instant', value: ({ created_at }) => new Date(created_at) },
  { heading: 'dest_amount', kind: 'money', value: (row) => ({ amount: row.dest_amount, unit: row.dest_unit }) },
  { heading: 'dest_unit', kind: 'text', value: ({ dest_unit }) => dest_unit },
  { heading: 'dest_organization', kind: 'text', value: ({ dest_profile }) => dest_profile.printable_name },
  { heading: 'dest_account', kind: 'text', value: ({ dest_account }) => dest_account },
  { heading: 'orig_amount', kind: 'money', value: (row) => ({ amount: row.orig_amount, unit: row.orig_unit }) },
  { heading: 'orig_unit', kind: 'text', value: ({ orig_unit }) => orig_unit },
  { heading: 'orig_organization', kind: 'text', value: ({ orig_profile }) => orig_profile.printable_name },
  { heading: 'orig_account', kind: 'text', value: ({ orig_account }) => orig_account },
  { heading: 'description', kind: 'text', value: ({ text }) => text },
];
