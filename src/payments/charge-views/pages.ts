import type { FastifyRequest } from 'fastify';
import { boundToNow } from '#ledger';
import type { Money } from '#kernel/money';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { withNext } from '#platform/http/next';
import { type AskedList, askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { findProfileSummaries, getBroker } from '#profiles';
import type { Charge } from '../records/index.ts';
import {
  type ChargeFilter,
  countChargesByState,
  findLinesOfCharges,
  listChargeRows,
  readChargeRows,
} from '../charges/index.ts';
import { chargePill } from './charge-pill.ts';
import { chargesList, chargesPage } from './page-types.ts';

type Asked = AskedList<typeof chargesList>;

/** The page of all charges, for the broker. */
export function chargePages(app: App): void {
  const config = { access: { kind: 'broker' }, page: true } as const;
  const schema = { hide: true } as const;
  app.get('/billing/charges/', { config, schema }, async (request, reply) =>
    reply.page(chargesPage, await viewCharges(request, await askCharges(request))),
  );
  app.get('/billing/charges/download/', { config, schema }, async (request, reply) => {
    const asked = await askCharges(request);
    const { ctx } = request;
    const { list } = boundToNow(asked.list, ctx.clock.now());
    const batches = () => readChargeRows(ctx.db, list, filterOf(asked));
    return sendCsv(reply, csvOf(asked, { name: 'charges', columns, batches }));
  });
}

async function askCharges(request: FastifyRequest): Promise<Asked> {
  const { default_timezone } = await getBroker(request.ctx.db, request.ctx.site);
  return askList(request, chargesList, default_timezone);
}

function filterOf({ tab, filters }: Asked): ChargeFilter {
  return { state: tab === '' ? null : tab, amount: filters.amount };
}

async function viewCharges(
  { ctx, listUrl }: FastifyRequest,
  asked: Asked,
): Promise<(typeof chargesPage)['samples']['typical']> {
  const { list } = boundToNow(asked.list, ctx.clock.now());
  const filter = filterOf(asked);
  const is_ranged = asked.list.start_at !== null || asked.list.ends_at !== null;
  const is_whole = !is_ranged && filter.state === null && filter.amount === null;
  const until = is_whole ? list.ends_at : null;
  // Counting the states of all charges would read every one of them.
  const is_counted = is_ranged || list.terms.length > 0;
  const [{ page, sums }, states] = await mergeReads(ctx.db, [
    (reader) => listChargeRows(reader, list, until, listUrl, filter),
    async (reader) => (is_counted ? countChargesByState(reader, list, { amount: filter.amount ?? null }) : null),
  ]);
  const [customers, lines] = await mergeReads(ctx.db, [
    (reader) =>
      findProfileSummaries(
        reader,
        page.results.map(({ profile_id }) => profile_id),
      ),
    (reader) =>
      findLinesOfCharges(
        reader,
        page.results.map(({ id }) => id),
      ),
  ]);
  const view = viewList(asked, {
    count: page.count,
    empty: { title: 'Charges will be listed here', text: 'No payment was made yet.' },
    total: page.count === 0 ? null : `${joinMoney(sums, ctx.lang)} in total`,
    csv_path: paths.chargesDownload(),
    ...(states === null ? {} : { tab_counts: tabCounts(states) }),
  });
  const linesOf = new Map(lines.map((each) => [each.charge_id, each]));
  return {
    charges: page.results.map((charge) => {
      const customer = customers.get(charge.profile_id);
      const own = linesOf.get(charge.id) ?? { title: '', lines_count: 0, refunded: 0, was_paid: false };
      return {
        href: withNext(paths.receipt(customer?.slug ?? '', charge.processor_key), view.list_url),
        money: { amount: charge.amount, unit: charge.unit },
        pill: chargePill(charge, own),
        customer: customer?.printable_name ?? '',
        description: describeLines(charge, own),
        refunded: own.refunded === 0 ? null : { amount: own.refunded, unit: charge.unit },
        last4: charge.last4,
        created_at: charge.created_at.toISOString(),
      };
    }),
    list: view,
  };
}

function describeLines(
  { description }: Charge,
  { title, lines_count }: { title: string; lines_count: number },
): string {
  if (title === '') return description;
  return lines_count > 1 ? `${title} and ${lines_count - 1} more` : title;
}

/** Counts of the tabs; refunded charges are not counted, because each one would be looked up. */
function tabCounts(states: readonly { state: string; count: number }[]): Record<string, number> {
  const counts = { done: 0, created: 0, failed: 0, disputed: 0 };
  const all = states.reduce((sum, { count }) => sum + count, 0);
  return { ...counts, ...Object.fromEntries(states.map(({ state, count }) => [state, count])), '': all };
}

function joinMoney(sums: readonly Money[], lang: string): string {
  return new Intl.ListFormat(lang, { type: 'conjunction' }).format(sums.map((sum) => humanizeMoney(sum, lang)));
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<Charge>[] = [
  { heading: 'Created at', kind: 'day', value: (charge) => charge.created_at },
  { heading: 'Amount', kind: 'decimal', value: (charge) => charge.amount },
  { heading: 'State', kind: 'text', value: (charge) => charge.state },
  { heading: 'Description', kind: 'text', value: (charge) => charge.description },
];
