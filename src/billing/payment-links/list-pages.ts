import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { checkedField, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { SlugParam } from '#platform/http/schemas';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { postAction } from '#platform/pages/lists/row-actions';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { type Profile, profileName } from '#profiles';
import { getProfileById } from '../payer.ts';
import { findPayLaterRefusers, type ListedLink, listPaymentLinks, upsertPayLaterTerms } from '../records/index.ts';
import { type LinkRow, paymentLinksList, paymentLinksPage, state_words } from './page-types.ts';
import { RESEND_AFTER_MS, sendLink } from './send-link.ts';

const params = Type.Object({ profile: SlugParam });

/** The list of the orders of a provider that are paid later: their links, mailing a link, and the terms. */
export function paymentLinkListPages(app: App): void {
  const url = '/billing/:profile/payment-links/';
  const read = { config: { access: { kind: 'direct' }, page: true }, schema: { hide: true, params } } as const;
  const write = {
    config: { access: { kind: 'direct', manages: true }, page: true },
    schema: { hide: true, params },
  } as const;
  app.get(url, read, async (request, reply) => show(request, reply));
  app.get(`${url}download/`, read, async (request, reply) => download(request, reply));
  app.post(url, write, async (request, reply) => {
    const provider = await getProvider(request);
    try {
      reply.flash('success', await runAction(request, provider));
    } catch (error) {
      reply.flash('error', problemToForm(error).detail);
    }
    return reply.redirect(paths.paymentLinks(provider.slug), 303);
  });
}

async function getProvider({ ctx, subject }: FastifyRequest): Promise<Profile> {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return getProfileById(ctx.db, subject.profile_id);
}

/** Runs the posted action and returns the message for the reader. */
async function runAction({ ctx, body }: FastifyRequest, provider: Profile): Promise<string> {
  const link = textField(body, 'link', 15);
  if (/^[0-9]+$/.test(link)) {
    await sendLink(ctx, provider.id, Number(link));
    return 'The link was sent to the customer.';
  }
  if (textField(body, 'action', 20) !== 'terms') throw commonProblems.not_found();
  const is_allowed = checkedField(body, 'is_allowed');
  await upsertPayLaterTerms(ctx.db, provider.id, is_allowed, ctx.clock.now());
  return is_allowed ? 'Customers may order now and pay later.' : 'Customers pay when they order.';
}

async function show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, subject, listUrl } = request;
  const provider = await getProvider(request);
  const asked = askList(request, paymentLinksList, provider.default_timezone);
  const page = await listPaymentLinks(ctx.db, provider.id, asked.tab === '' ? null : asked.tab, asked.list, listUrl);
  const refusers = await findPayLaterRefusers(ctx.db, [provider.id]);
  const reader = { is_manager: subject.is_manager, origin: ctx.origin, at: ctx.clock.now() };
  return reply.page(paymentLinksPage, {
    profile: { slug: provider.slug, printable_name: profileName(provider) },
    links: page.results.map((link) => viewRow(link, reader)),
    terms: subject.is_manager ? { is_allowed: !refusers.has(provider.id) } : null,
    list: viewList(asked, {
      count: page.count,
      csv_path: paths.paymentLinksDownload(provider.slug),
      empty: {
        title: 'Orders that are paid later will be listed here',
        text: 'Each of them has a link that pays it without an account.',
      },
    }),
  });
}

/** The link is a credential: only managers see it. */
function viewRow(
  { claim_code, amount, unit, amount_due, ...link }: ListedLink,
  reader: { is_manager: boolean; origin: string; at: Date },
): LinkRow {
  const isOpen = link.state === 'open' && reader.is_manager;
  const isQuiet = link.sent_at === null || reader.at.getTime() - link.sent_at.getTime() >= RESEND_AFTER_MS;
  return {
    id: link.id,
    customer: link.payer_name || link.payer,
    price: { amount, unit },
    due: { amount: amount_due, unit },
    state: link.state,
    created_at: link.created_at,
    sent_at: link.sent_at,
    url: isOpen ? `${reader.origin}${paths.paymentLink(claim_code)}` : null,
    actions: isOpen && isQuiet ? [postAction('Send the link', { link: String(link.id) })] : [],
  };
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<ListedLink>[] = [
  { heading: 'Ordered at', kind: 'day', value: ({ created_at }) => created_at },
  { heading: 'Customer', kind: 'text', value: ({ payer_name, payer }) => payer_name || payer },
  { heading: 'Amount', kind: 'decimal', value: ({ amount }) => amount },
  { heading: 'Due', kind: 'decimal', value: ({ amount_due }) => amount_due },
  { heading: 'Unit', kind: 'text', value: ({ unit }) => unit },
  { heading: 'State', kind: 'text', value: ({ state }) => state_words[state] },
];

async function download(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, listUrl } = request;
  const provider = await getProvider(request);
  const asked = askList(request, paymentLinksList, provider.default_timezone);
  const state = asked.tab === '' ? null : asked.tab;
  const file = csvOfPages<ListedLink>(asked, {
    name: 'payment-links',
    columns,
    read: (list) => listPaymentLinks(ctx.db, provider.id, state, list, listUrl),
  });
  return sendCsv(reply, file);
}
