import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import type { Processors } from '#payments';
import { isBrokerManager, type Profile, profileName } from '#profiles';
import { getProfileById } from '../payer.ts';
import { giftPage } from './gift-page.ts';
import { listCredits } from './list-credits.ts';
import { creditsList, creditsPage } from './page-types.ts';
import { payoutPage } from './payout-page.ts';
import { holderOf } from './routes.ts';
import { type CreditBody, CreditParams } from './schemas.ts';

/** Pages of the credit of a profile: the list, and the steps that give and pay out credit. */
export function creditPages(app: App, processors: Processors): void {
  const options = {
    config: { access: { kind: 'provider' }, page: true },
    schema: { hide: true, params: CreditParams },
  } as const;
  app.get('/billing/:profile/credits/', options, async (request, reply) =>
    reply.page(creditsPage, await viewCredits(request)),
  );
  app.get('/billing/:profile/credits/download/', options, downloadCredits);
  giftPage(app);
  payoutPage(app, processors);
}

async function downloadCredits(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const profile: Profile = await getProfileById(ctx.db, holderOf(request));
  const asked = askList(request, creditsList, profile.default_timezone);
  const sellers = sellersSeenBy(subject);
  const file = csvOfPages<CreditBody>(asked, {
    name: `credits-${profile.slug}`,
    columns,
    read: (list) => listCredits(ctx.db, profile.id, { list, url: request.listUrl, sellers }),
  });
  return sendCsv(reply, file);
}

async function viewCredits(request: FastifyRequest): Promise<(typeof creditsPage)['samples']['typical']> {
  const { ctx, subject } = request;
  const profile: Profile = await getProfileById(ctx.db, holderOf(request));
  const asked = askList(request, creditsList, profile.default_timezone);
  const sellers = sellersSeenBy(subject);
  const page = await listCredits(ctx.db, profile.id, { list: asked.list, url: request.listUrl, sellers });
  const may_give = subject.is_manager && (sellers !== null || isBrokerManager(subject));
  return {
    profile: { slug: profile.slug, printable_name: profileName(profile) },
    give_url: may_give ? paths.giveCredit(profile.slug) : null,
    totals: page.totals.map(({ provider, amount, unit }) => ({
      provider: provider.printable_name,
      money: { amount, unit },
    })),
    lots: page.results.map(({ provider, unit, amount, balance, refundable, source, ...lot }) => ({
      number: lot.number,
      provider: provider.printable_name,
      description: lot.description,
      source,
      source_url: source === null ? null : paths.document(profile.slug, provider.slug, source),
      left: { amount: balance, unit },
      amount: { amount, unit },
      created_at: lot.created_at,
      payout_url: may_give && refundable && balance > 0 ? paths.payOutCredit(profile.slug, lot.number) : null,
    })),
    list: viewList(asked, {
      count: page.count,
      csv_path: paths.creditsDownload(profile.slug),
      empty: {
        title: 'Credit will be listed here',
        text: 'Credit from a change of plan, a refund or a provider pays the next orders before a card does.',
      },
    }),
  };
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<CreditBody>[] = [
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => new Date(created_at) },
  { heading: 'Number', kind: 'text', value: ({ number }) => String(number) },
  { heading: 'Provider', kind: 'text', value: ({ provider }) => provider.printable_name },
  { heading: 'Reason', kind: 'text', value: ({ description }) => description },
  { heading: 'Invoice', kind: 'text', value: ({ source }) => source ?? '' },
  { heading: 'Amount', kind: 'decimal', value: ({ amount }) => amount },
  { heading: 'Left', kind: 'decimal', value: ({ balance }) => balance },
  { heading: 'Unit', kind: 'text', value: ({ unit }) => unit },
];
