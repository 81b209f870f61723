import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { Money } from '#kernel/money';
import type { ListQuery } from '#kernel/page';
import { sumByUnit } from '#ledger';
import { actorId } from '#platform/actor-id';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { sha256Hex } from '#platform/security/crypto';
import { humanizeMoney, humanizeSums } from '#platform/templates/humanize-money';
import type { Processors } from '#payments';
import { findProfilesByIds, type Profile, profileName } from '#profiles';
import {
  type Adjustment,
  type AdjustmentKind,
  dueParts,
  findAdjustment,
  listAdjustmentRows,
} from '../adjustments/index.ts';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { loadBalances } from '../quotes/index.ts';
import { endPaymentAndCancel } from './cancel-balance.ts';
import { adjustmentsList, adjustmentsPage } from './page-types.ts';
import { presentAdjustments } from './present-adjustments.ts';
import { reverseAdjustment } from './reverse-adjustment.ts';
import { AdjustmentParams, ProfileParams } from './schemas.ts';

const kinds: Readonly<Record<AdjustmentKind, string>> = {
  write_off: 'Write-off',
  offline_payment: 'Paid elsewhere',
  import: 'Imported sale',
};

/** Pages of the write-offs and offline payments of a provider: the list, and the confirmations before money changes. */
export function adjustmentPages(app: App, processors: Processors): void {
  addListPages(app);
  addReversePage(app);
  addCancelPage(app, processors);
}

function addListPages(app: App): void {
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: { hide: true, params: ProfileParams },
  } as const;
  const url = '/billing/:profile/adjustments/';
  app.get(url, options, async (request, reply) => {
    const { ctx, subject } = request;
    const provider = await readProfile(request);
    const asked = askList(request, adjustmentsList, provider.default_timezone);
    const page = await listAdjustmentRows(ctx.db, provider.id, asked.list, request.listUrl);
    const rows = await presentAdjustments(ctx.db, page.results);
    return reply.page(adjustmentsPage, {
      profile: { slug: provider.slug, printable_name: profileName(provider) },
      transfers_url: paths.transfers(provider.slug),
      import_url: subject.is_manager ? paths.importPayments(provider.slug) : null,
      adjustments: rows.map(({ key, kind, profile, amount, unit, ...row }) => ({
        ...row,
        kind: kinds[kind],
        customer: profile.printable_name,
        money: { amount, unit },
        reverse_url:
          subject.is_manager && row.reversed_at === null ? paths.reverseAdjustment(provider.slug, key) : null,
      })),
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.adjustmentsDownload(provider.slug),
        empty: {
          title: 'Write-offs and payments elsewhere will be listed here',
          text: 'Nothing was written off or paid outside of the site yet.',
        },
      }),
    });
  });

  app.get(`${url}download/`, options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const provider = await readProfile(request);
    const read = async (list: ListQuery) => {
      const page = await listAdjustmentRows(ctx.db, provider.id, list, listUrl);
      return { ...page, results: await presentAdjustments(ctx.db, page.results) };
    };
    const asked = askList(request, adjustmentsList, provider.default_timezone);
    return sendCsv(reply, csvOfPages(asked, { name: 'adjustments', columns, read }));
  });
}

type Row = Awaited<ReturnType<typeof presentAdjustments>>[number];

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<Row>[] = [
  { heading: 'Created at', kind: 'day', value: (row) => new Date(row.created_at) },
  { heading: 'Amount', kind: 'decimal', value: (row) => row.amount },
  { heading: 'Unit', kind: 'text', value: (row) => row.unit },
  { heading: 'Kind', kind: 'text', value: (row) => kinds[row.kind] },
  { heading: 'Customer', kind: 'text', value: (row) => row.profile.printable_name },
  { heading: 'Description', kind: 'text', value: (row) => row.description },
  { heading: 'Reversed at', kind: 'text', value: (row) => row.reversed_at ?? '' },
];

function addReversePage(app: App): void {
  const options = {
    config: {
      access: { kind: 'direct', manages: true },
      page: true,
      problems: [
        billingProblems.adjustment_unknown,
        billingProblems.adjustment_reversed,
        billingProblems.adjustment_settled,
      ],
    },
    schema: { hide: true, params: AdjustmentParams },
  } as const;
  const url = '/billing/:profile/adjustments/:key/reverse/';
  app.get(url, options, async (request, reply) => showReversal(request, reply, request.params.key));
  app.post(url, options, async (request, reply) => {
    const { ctx, params } = request;
    const provider = await readProfile(request);
    try {
      const adjustment = await reverseAdjustment(ctx, provider.id, params.key);
      reply.flash('success', `${kinds[adjustment.kind]} of ${humanizeMoney(adjustment, ctx.lang)} was reversed.`);
    } catch (error) {
      const { detail, status } = problemToForm(error);
      if (status === 404) throw error;
      reply.flash('error', detail);
    }
    return reply.redirect(paths.adjustments(provider.slug), 303);
  });
}

async function showReversal(request: FastifyRequest, reply: FastifyReply, key: string): Promise<FastifyReply> {
  const { ctx } = request;
  const provider = await readProfile(request);
  const adjustment = await findAdjustment(ctx.db, provider.id, key);
  if (!adjustment) throw billingProblems.adjustment_unknown();
  if (adjustment.reversed_at !== null) {
    reply.flash('info', billingProblems.adjustment_reversed.definition.title);
    return reply.redirect(paths.adjustments(provider.slug), 303);
  }
  const payer = (await findProfilesByIds(ctx.db, [adjustment.profile_id])).get(adjustment.profile_id);
  const confirm = confirmReversal(adjustment, { payer_name: payer ? profileName(payer) : '', provider }, ctx.lang);
  return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail: '' });
}

function confirmReversal(
  adjustment: Adjustment,
  { payer_name, provider }: { payer_name: string; provider: Profile },
  lang: string,
): Confirmation {
  const amount = humanizeMoney(adjustment, lang);
  const effect =
    adjustment.kind === 'import'
      ? [
          { label: 'Your sales', value: `${amount} less` },
          { label: `Balance of ${payer_name}`, value: 'stays' },
        ]
      : [
          { label: `${payer_name} owes`, value: `${amount} more` },
          {
            label: adjustment.kind === 'write_off' ? 'Written off' : 'Received elsewhere',
            value: `${amount} less`,
          },
        ];
  return {
    title: `Reverse ${kinds[adjustment.kind].toLowerCase()} of ${amount}`,
    subject: `${payer_name}: ${adjustment.description}`,
    effect: [...effect, { label: 'The entry and its reversal', value: 'stay in the history' }],
    undo: 'A reversal cannot be undone. You can record the entry again.',
    keep_label: 'Keep the entry',
    keep_url: paths.adjustments(provider.slug),
    action_label: `Reverse ${amount}`,
    hidden: [],
    typed_name: null,
  };
}

function addCancelPage(app: App, processors: Processors): void {
  const options = {
    config: {
      access: { kind: 'provider-only', manages: true },
      page: true,
      problems: [billingProblems.charge_pending],
    },
    schema: {
      hide: true,
      params: ProfileParams,
      querystring: Type.Object({ paid: Type.Optional(Type.String({ maxLength: 1 })) }),
    },
  } as const;
  const url = '/billing/:profile/cancel-balance/';
  app.get(url, options, async (request, reply) => {
    const { profile, due } = await loadDue(request);
    if (due.length === 0) {
      reply.flash('info', `${profileName(profile)} owes nothing.`);
      return reply.redirect(paths.history(profile.slug), 303);
    }
    return showCancellation(request, reply, { profile, due, detail: '' });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx, subject, body } = request;
    const is_paid = isPaid(request);
    const { profile, due } = await loadDue(request);
    const shown = textField(body, 'due', 200);
    const key = textField(body, 'key', 64);
    try {
      const request_key =
        key === '' ? null : sha256Hex(JSON.stringify(['cancel page', actorId(ctx), profile.id, is_paid, key]));
      // A repeated form is settled already; another amount than the one shown is not settled.
      if (due.length > 0 && shown !== humanizeSums(due, ctx.lang)) throw billingProblems.balance_changed();
      const done = await endPaymentAndCancel(
        { ...ctx, processors },
        {
          profile_id: profile.id,
          sellers: sellersSeenBy(subject),
          amount: null,
          is_paid,
          request_key,
        },
      );
      const text = humanizeSums(sumByUnit(done), ctx.lang);
      if (done.length === 0) reply.flash('info', `${profileName(profile)} owes nothing.`);
      else reply.flash('success', is_paid ? `${text} was recorded as paid.` : `${text} was written off.`);
      return await reply.redirect(paths.history(profile.slug), 303);
    } catch (error) {
      const { detail, status } = problemToForm(error);
      return showCancellation(request, reply, { profile, due, detail }, status);
    }
  });
}

const isPaid = ({ query }: FastifyRequest): boolean => textField(query, 'paid', 1) === '1';

/** Loads what the profile owes the caller's providers, by unit. */
async function loadDue(request: FastifyRequest): Promise<{ profile: Profile; due: Money[] }> {
  const { ctx, subject } = request;
  const profile = await readProfile(request);
  const sellers = sellersSeenBy(subject);
  const balances = await loadBalances(ctx.db, profile, ctx.clock.now());
  const own = balances.filter(({ plan }) => sellers === null || sellers.includes(plan.profile_id));
  return { profile, due: sumByUnit(dueParts(own)) };
}

async function showCancellation(
  request: FastifyRequest,
  reply: FastifyReply,
  { profile, due, detail }: { profile: Profile; due: readonly Money[]; detail: string },
  status = 200,
): Promise<FastifyReply> {
  const amount = humanizeSums(due, request.ctx.lang);
  const name = profileName(profile);
  const is_paid = isPaid(request);
  const confirm: Confirmation = {
    title: is_paid ? `Record that ${name} paid ${amount}` : `Write off ${amount}`,
    subject: `${name} owes ${amount}.`,
    effect: [
      { label: `${name} owes`, value: humanizeMoney({ amount: 0, unit: due[0]?.unit ?? 'usd' }, request.ctx.lang) },
      is_paid ? { label: 'Received elsewhere', value: amount } : { label: 'Written off', value: amount },
      { label: 'Subscriptions', value: 'do not change' },
    ],
    undo: 'You can reverse this at any time; the reversal stays in the history.',
    keep_label: 'Keep the balance',
    keep_url: paths.history(profile.slug),
    action_label: is_paid ? `Record ${amount} as paid` : `Write off ${amount}`,
    tone: is_paid ? 'primary' : 'danger',
    hidden: [
      { name: 'due', value: amount },
      { name: 'key', value: randomUUID() },
    ],
    typed_name: null,
  };
  return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail }, status);
}

async function readProfile({ ctx, subject }: FastifyRequest): Promise<Profile> {
  const { profile_id } = subject;
  if (profile_id === null) throw commonProblems.not_found();
  return getProfileById(ctx.db, profile_id);
}
