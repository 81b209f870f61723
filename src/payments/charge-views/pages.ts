import type { FastifyRequest } from 'fastify';
import { boundToNow } from '#ledger';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { withNext } from '#platform/http/next';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { findProfileSummaries, getBroker } from '#profiles';
import type { Charge } from '../records/index.ts';
import { countChargesByState, findLinesOfCharges, listChargeRows, readChargeRows } from '../charges/index.ts';
import { chargesList, chargesPage } from './charge-list-page-type.ts';
import { chargePill } from './charge-pill.ts';
import { type AskedCharges, type ChargesView, describeLines, filterOf, viewChargeList } from './view-charge-list.ts';

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

async function askCharges(request: FastifyRequest): Promise<AskedCharges> {
  const { default_timezone } = await getBroker(request.ctx.db, request.ctx.site);
  return askList(request, chargesList, default_timezone);
}

async function viewCharges(request: FastifyRequest, asked: AskedCharges): Promise<ChargesView> {
  const { ctx, listUrl } = request;
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
  const view = viewChargeList(request, asked, {
    count: page.count,
    sums,
    states,
    empty: { title: 'Charges will be listed here', text: 'No payment was made yet.' },
    csv_path: paths.chargesDownload(),
  });
  const linesOf = new Map(lines.map((each) => [each.charge_id, each]));
  return {
    profile: null,
    has_cards: true,
    charges: page.results.map((charge) => {
      const customer = customers.get(charge.profile_id);
      const own = linesOf.get(charge.id) ?? { title: '', lines_count: 0, refunded: 0, was_paid: false };
      return {
        href: withNext(paths.receipt(customer?.slug ?? '', charge.processor_key), view.list_url),
        money: { amount: charge.amount, unit: charge.unit },
        pill: chargePill(charge, own),
        customer: customer?.printable_name ?? '',
        description: describeLines(own, charge.description),
        refunded: own.refunded === 0 ? null : { amount: own.refunded, unit: charge.unit },
        last4: charge.last4,
        created_at: charge.created_at.toISOString(),
      };
    }),
    list: view,
  };
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<Charge>[] = [
  { heading: 'Created at', kind: 'day', value: (charge) => charge.created_at },
  { heading: 'Amount', kind: 'decimal', value: (charge) => charge.amount },
  { heading: 'State', kind: 'text', value: (charge) => charge.state },
  { heading: 'Description', kind: 'text', value: (charge) => charge.description },
];
