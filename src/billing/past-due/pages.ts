import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Problem } from '#kernel/problem';
import { sumByUnit } from '#ledger';
import type { App } from '#platform/http/app';
import { problemToForm } from '#platform/http/forms';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { SlugParam } from '#platform/http/schemas';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { findSavedCard, paymentsProblems, type Processors } from '#payments';
import { profileName } from '#profiles';
import { leadToBank } from '../card-form.ts';
import { getPayer } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { presentSavedCard } from '../cards/index.ts';
import {
  type CaseFacts,
  changeTerms,
  type DunningSettings,
  dunningTerms,
  findOpenCases,
  listPayerCases,
  listProviderCases,
  loadCaseFacts,
  loadTerms,
  retryDunning,
} from '../dunning/index.ts';
import { describeFailure } from './failure-text.ts';
import {
  dunningPage,
  dunningTermsPage,
  pastCasesList,
  pastDueList,
  pastDuePage,
  type PastDueRow,
} from './page-types.ts';
import { describeTerms, readTermsForm, termsForm, termsValues } from './terms-form.ts';
import { viewCase, viewPastDue } from './view-case.ts';

const ProfileParams = Type.Object({ profile: SlugParam });

interface DunningPageNeeds {
  processors: Processors;
  dunning: DunningSettings;
}

/** Pages about charges that failed: of the payer, who pays there, and the list of the provider. */
export function dunningPages(app: App, needs: DunningPageNeeds): void {
  addPayerPage(app, needs);
  const config = { access: { kind: 'direct' }, page: true } as const;
  const options = { config, schema: { hide: true, params: ProfileParams } };
  app.get('/profile/:profile/subscribers/past-due/', options, showPastDue);
  app.get('/profile/:profile/subscribers/past-due/download/', options, downloadPastDue);
  addTermsPage(app, needs.dunning);
}

function addPayerPage(app: App, { processors, dunning }: DunningPageNeeds): void {
  const problems = [
    billingProblems.dunning_unknown,
    billingProblems.dunning_retried,
    billingProblems.charge_pending,
    billingProblems.payment_unknown,
    paymentsProblems.card_declined,
    paymentsProblems.processor_refused,
    paymentsProblems.payment_method_absent,
    paymentsProblems.action_required,
  ];
  const config = { access: { kind: 'direct' }, page: true, problems } as const;
  const options = { config, schema: { hide: true, params: ProfileParams } };
  app.get('/billing/:profile/dunning/', options, async (request, reply) => showCases(request, reply));
  app.get('/billing/:profile/dunning/download/', options, downloadPastCases);
  app.post('/billing/:profile/dunning/', options, async (request, reply) => {
    const { payer } = await getPayer(request);
    try {
      const charge = await retryDunning({ ...request.ctx, processors, dunning }, payer.id, null);
      if (charge === null) reply.flash('info', 'Nothing is due any more.');
      else if (charge.state === 'done') reply.flash('success', `${humanizeMoney(charge, request.ctx.lang)} was paid.`);
      else reply.flash('info', 'The payment is in progress. Do not pay again.');
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const led = leadToBank(reply, error, { back_url: paths.dunning(payer.slug) });
      if (led !== null) return led;
      if (error.code === 'dunning_retried') return showCases(request, reply, describeWait(error));
      if (error.code !== 'dunning_unknown') return showCases(request, reply, problemToForm(error));
      reply.flash('info', error.message); // paid in the meantime, or a repeated form
    }
    return reply.redirect(paths.dunning(payer.slug), 303);
  });
}

/** Returns the refusal of a repeated charge with the minutes to wait. */
function describeWait({ status, message, extra }: Problem) {
  const minutes = Math.ceil((extra.retry_after_s ?? 3600) / 60);
  const wait = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return { status, detail: `${message} Try again in ${wait}, or use another card.`, errors: {} };
}

async function showCases(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, detail, errors }: { status: number; detail: string; errors: object } = {
    status: 200,
    detail: '',
    errors: {},
  },
): Promise<FastifyReply> {
  const { ctx, subject, listUrl: url } = request;
  const { payer } = await getPayer(request);
  const asked = askList(request, pastCasesList, payer.default_timezone);
  const open = await findOpenCases(ctx.db, [payer.id]);
  const past = await listPayerCases(ctx.db, payer.id, null, { list: asked.list, url, state: 'past' });
  const now = ctx.clock.now();
  const views = (await loadCaseFacts(ctx.db, [...open, ...past.results])).map((facts) => viewCase(facts, now));
  const cases = views.slice(0, open.length);
  const totals = sumByUnit(cases.flatMap(({ due }) => due ?? []));
  const card = await findSavedCard(ctx.db, payer.id);
  return reply.page(
    dunningPage,
    {
      profile: { slug: payer.slug, printable_name: profileName(payer) },
      may_pay: subject.is_manager,
      card: card ? presentSavedCard(card) : null,
      card_url: withNext(paths.card(payer.slug), paths.dunning(payer.slug)),
      pay_total: totals.length === 1 ? (totals[0] ?? null) : null,
      cases,
      past: views.slice(open.length),
      list: viewList(asked, {
        count: past.count,
        csv_path: paths.dunningDownload(payer.slug),
        empty: { title: 'Earlier failed payments will be listed here' },
      }),
      detail,
      errors: { ...errors },
    },
    status,
  );
}

/** The rules of a provider for charges that fail: the form, and what it changes. */
function addTermsPage(app: App, site: DunningSettings): void {
  const url = '/profile/:profile/subscribers/past-due/rules/';
  const config = { access: { kind: 'direct', manages: true }, page: true } as const;
  const options = { config, schema: { hide: true, params: ProfileParams } };
  const show = async (request: FastifyRequest, reply: FastifyReply, refusal: Refusal | null) => {
    const { payer: provider } = await getPayer(request);
    const { own } = await loadTerms(request.ctx.db, site, provider.id);
    return reply.page(
      dunningTermsPage,
      {
        profile: { slug: provider.slug, printable_name: profileName(provider) },
        site_rules: describeTerms(dunningTerms(site, undefined)),
        back_url: paths.subscribersPastDue(provider.slug),
        ...termsForm.view(termsValues(own), formContext(request), refusal),
      },
      refusal?.status ?? 200,
    );
  };
  app.get(url, options, async (request, reply) => show(request, reply, null));
  app.post(url, options, async (request, reply) => {
    const { payer: provider } = await getPayer(request);
    try {
      const change = readTermsForm(request.body, formContext(request));
      await changeTerms(request.ctx, site, provider.id, change);
    } catch (error) {
      return show(request, reply, termsForm.refuse(error, request.body));
    }
    reply.flash('success', 'The rules were saved. Open cases keep theirs.');
    return reply.redirect(paths.subscribersPastDue(provider.slug), 303);
  });
}

function formContext({ ctx }: FastifyRequest): FormContext {
  return { locale: ctx.lang, timezone: 'UTC' };
}

async function showPastDue(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, listUrl: url } = request;
  const { payer: provider } = await getPayer(request);
  const asked = askList(request, pastDueList, provider.default_timezone);
  const state = asked.tab === '' ? null : asked.tab;
  const page = await listProviderCases(ctx.db, provider.id, { list: asked.list, url, state });
  return reply.page(pastDuePage, {
    profile: { slug: provider.slug, printable_name: profileName(provider) },
    terms_url: request.subject.is_manager ? paths.dunningTerms(provider.slug) : null,
    cases: (await loadCaseFacts(ctx.db, page.results)).map(viewPastDue),
    list: viewList(asked, {
      count: page.count,
      csv_path: paths.subscribersPastDueDownload(provider.slug),
      empty: {
        title: 'Subscribers whose payment failed will be listed here',
        text: 'Every renewal was paid.',
      },
    }),
  });
}

/** Sends the closed cases of a payer. */
async function downloadPastCases(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, listUrl: url } = request;
  const { payer } = await getPayer(request);
  const asked = askList(request, pastCasesList, payer.default_timezone);
  const read = async (list: typeof asked.list) => {
    const page = await listPayerCases(ctx.db, payer.id, null, { list, url, state: 'past' });
    return { ...page, results: await loadCaseFacts(ctx.db, page.results) };
  };
  return sendCsv(reply, csvOfPages(asked, { name: 'failed-payments', columns: past_case_columns, read }));
}

/** Sends the list of the provider, with the filters of the page. */
async function downloadPastDue(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, listUrl: url } = request;
  const { payer: provider } = await getPayer(request);
  const asked = askList(request, pastDueList, provider.default_timezone);
  const state = asked.tab === '' ? null : asked.tab;
  const read = async (list: typeof asked.list) => {
    const page = await listProviderCases(ctx.db, provider.id, { list, url, state });
    return { ...page, results: (await loadCaseFacts(ctx.db, page.results)).map(viewPastDue) };
  };
  return sendCsv(reply, csvOfPages(asked, { name: 'past-due', columns: past_due_columns, read }));
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const past_case_columns: readonly CsvColumn<CaseFacts>[] = [
  { heading: 'Since', kind: 'instant', value: ({ dunning_case }) => dunning_case.began_at },
  { heading: 'Closed at', kind: 'instant', value: ({ dunning_case }) => dunning_case.closed_at },
  { heading: 'Provider', kind: 'text', value: ({ provider }) => provider.printable_name },
  { heading: 'State', kind: 'text', value: ({ dunning_case }) => dunning_case.state },
  { heading: 'Attempts', kind: 'number', value: ({ dunning_case }) => dunning_case.attempts_count },
  {
    heading: 'Amount',
    kind: 'money',
    value: ({ dunning_case, attempts }) => {
      const last = attempts.at(-1);
      return last ? { amount: last.amount, unit: dunning_case.unit } : null;
    },
  },
  { heading: 'Reason', kind: 'text', value: ({ attempts }) => describeLast(attempts) },
];

function describeLast(attempts: CaseFacts['attempts']): string | null {
  const last = attempts.at(-1);
  return last ? describeFailure(last) : null;
}

const dateOf = (text: string | null) => (text === null ? null : new Date(text));
const past_due_columns: readonly CsvColumn<PastDueRow>[] = [
  { heading: 'Customer', kind: 'text', value: ({ customer }) => customer },
  { heading: 'Plans', kind: 'text', value: ({ plans }) => plans.join(', ') },
  { heading: 'State', kind: 'text', value: ({ state }) => state },
  { heading: 'Reason', kind: 'text', value: ({ reason }) => reason },
  { heading: 'Attempts', kind: 'number', value: ({ attempts_count }) => attempts_count },
  { heading: 'Since', kind: 'instant', value: ({ created_at }) => new Date(created_at) },
  { heading: 'Next attempt', kind: 'instant', value: ({ next_attempt_at }) => dateOf(next_attempt_at) },
  { heading: 'Ends at', kind: 'instant', value: ({ ends_at }) => dateOf(ends_at) },
  { heading: 'Due', kind: 'money', value: ({ due }) => due },
];
