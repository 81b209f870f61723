import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { sumByUnit, boundToNow } from '#ledger';
import { commonProblems } from '#kernel/problem';
import type { Reader } from '#platform/db/database';
import type { App } from '#platform/http/app';
import { textField } from '#platform/http/forms';
import { safeNext, withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { findProfileById, type Profile, profileName } from '#profiles';
import { ChargeParams, listSellerCharges, readSellerCharges, type SellerCharge } from '../charges/index.ts';
import { paymentsProblems } from '../problems.ts';
import { findCharge } from '../records/index.ts';
import { subjectId } from '../subject-id.ts';
import { chargePage } from './charge-page-type.ts';
import { chargePill } from './charge-pill.ts';
import { chargesList, chargesPage } from './charge-list-page-type.ts';
import { type ChargesView, describeLines, filterOf, viewChargeList } from './view-charge-list.ts';
import { type FindDisputePage, viewCharge } from './view-charge.ts';

/** Pages of the charges that have lines of a provider: its own lines, and nothing of other sellers or of the card. */
export function sellerChargePages(app: App, disputePage: FindDisputePage): void {
  const config = { access: { kind: 'direct' }, page: true } as const;
  const schema = { hide: true, params: Type.Object({ profile: Type.String() }) } as const;
  const url = '/billing/:profile/charges/';
  app.get(url, { config, schema }, async (request, reply) => reply.page(chargesPage, await viewSellerCharges(request)));
  app.get(`${url}download/`, { config, schema }, downloadSellerCharges);
  app.get(
    `${url}:charge/`,
    {
      config: { ...config, problems: [paymentsProblems.charge_unknown] },
      schema: { hide: true, params: ChargeParams },
    },
    async (request, reply) => {
      const { ctx, params, query, subject } = request;
      const provider_id = subjectId(request);
      const charge = await findCharge(ctx.db, params.charge);
      if (!charge) throw paymentsProblems.charge_unknown();
      const view = await viewCharge(ctx, charge, {
        sellers: [provider_id],
        disputePage,
        is_manager: subject.is_manager,
        back: safeNext(textField(query, 'next')),
        refund_path: paths.sellerRefund(params.profile, params.charge),
      });
      if (view.lines.length === 0) throw paymentsProblems.charge_unknown();
      return reply.page(chargePage, view);
    },
  );
}

async function downloadSellerCharges(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx } = request;
  const provider = await readProvider(ctx.db, request);
  const asked = askList(request, chargesList, provider.default_timezone);
  const { list } = boundToNow(asked.list, ctx.clock.now());
  const batches = () => readSellerCharges(ctx.db, provider.id, list, filterOf(asked));
  return sendCsv(reply, csvOf(asked, { name: `charges-${provider.slug}`, columns, batches }));
}

async function readProvider(reader: Reader, request: FastifyRequest): Promise<Profile> {
  const provider = await findProfileById(reader, subjectId(request));
  if (!provider) throw commonProblems.not_found();
  return provider;
}

async function viewSellerCharges(request: FastifyRequest): Promise<ChargesView> {
  const { ctx, listUrl } = request;
  const provider = await readProvider(ctx.db, request);
  const asked = askList(request, chargesList, provider.default_timezone);
  const { list } = boundToNow(asked.list, ctx.clock.now());
  const filter = filterOf(asked);
  // Without a search or dates, sums and counts would read every charge of the provider.
  const is_summed = asked.list.start_at !== null || asked.list.ends_at !== null || list.terms.length > 0;
  const { page, sums } = await listSellerCharges(ctx.db, provider.id, list, listUrl, { filter, is_summed });
  const is_refunded = filter.state === 'refunded';
  const shown = sums?.filter(({ state }) => filter.state == null || state === filter.state) ?? [];
  const view = viewChargeList(request, asked, {
    count: page.count,
    sums: is_refunded ? null : sumByUnit(shown),
    states: sums?.map(({ state, rows_count }) => ({ state, count: rows_count })) ?? null,
    empty: { title: 'Charges will be listed here', text: 'No payment for your plans was made yet.' },
    csv_path: paths.sellerChargesDownload(provider.slug),
  });
  return {
    profile: { slug: provider.slug, printable_name: profileName(provider) },
    has_cards: false,
    charges: page.results.map((charge) => ({
      href: withNext(paths.sellerCharge(provider.slug, charge.processor_key), view.list_url),
      money: { amount: charge.amount, unit: charge.unit },
      pill: chargePill(charge, charge),
      customer: nameOf(charge),
      description: describeSale(charge),
      refunded: charge.refunded === 0 ? null : { amount: charge.refunded, unit: charge.unit },
      last4: null,
      created_at: charge.created_at.toISOString(),
    })),
    list: view,
  };
}

function nameOf({ customer_full_name, customer_slug }: SellerCharge): string {
  return profileName({ full_name: customer_full_name, slug: customer_slug });
}

/** The text of a charge is about all its lines: a charge of the first version is named by its reference. */
function describeSale(charge: SellerCharge): string {
  return describeLines(charge, charge.processor_key);
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<SellerCharge>[] = [
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => created_at },
  { heading: 'Amount', kind: 'decimal', value: ({ amount }) => amount },
  { heading: 'Refunded', kind: 'decimal', value: ({ refunded }) => refunded },
  { heading: 'Unit', kind: 'text', value: ({ unit }) => unit },
  { heading: 'State', kind: 'text', value: ({ state }) => state },
  { heading: 'Customer', kind: 'text', value: nameOf },
  { heading: 'Description', kind: 'text', value: describeSale },
  { heading: 'Reference', kind: 'text', value: ({ processor_key }) => processor_key },
];
