import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findUserByVerifiedEmail } from '#accounts';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { pdfProblems } from '#platform/pdf/problems';
import { sendPdf } from '#platform/pdf/send-pdf';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { type Charge, chargePage, findCharge, type Processors, sendReceipt, viewCharge } from '#payments';
import { findHeldRoles, type Profile } from '#profiles';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { documentPages } from './document-pages.ts';
import { historyCsv, viewHistoryPage } from './history-list.ts';
import { historyPage, printableReceiptPage, receiptPage } from './page-types.ts';
import { receiptSheet } from './receipt-sheet.ts';
import { RECEIPT_LINES, viewReceipt } from './view-receipt.ts';
import { commonProblems } from '#kernel/problem';

const params = Type.Object({ profile: Type.String() });

/** Pages of the transactions of a profile and of its receipts. */
export function receiptPages(app: App, processors: Processors): void {
  addHistoryPage(app);
  addReceiptPage(app, processors);
  documentPages(app);
}

function addHistoryPage(app: App): void {
  const config = { access: { kind: 'provider' }, page: true } as const;
  app.get('/billing/:profile/history/', { config, schema: { hide: true, params } }, async (request, reply) =>
    reply.page(historyPage, await viewHistoryPage(request, await readProfile(request))),
  );
  app.get('/billing/:profile/history/download/', { config, schema: { hide: true, params } }, async (request, reply) => {
    const profile = await readProfile(request);
    return sendCsv(reply, historyCsv(request, profile));
  });
}

async function readProfile({ ctx, subject }: FastifyRequest): Promise<Profile> {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return getProfileById(ctx.db, subject.profile_id);
}

const receiptOptions = {
  config: { access: { kind: 'provider' }, page: true, problems: [billingProblems.receipt_unknown] },
  schema: {
    hide: true,
    querystring: OrderQuerySchema,
    params: Type.Object({ profile: Type.String(), charge: Type.String({ maxLength: 255 }) }),
  },
} as const;

const pdfOptions = {
  ...receiptOptions,
  config: { ...receiptOptions.config, problems: [billingProblems.receipt_unknown, ...Object.values(pdfProblems)] },
};

type ReceiptRequest = FastifyRequest<{ Params: { profile: string; charge: string } }>;

function addReceiptPage(app: App, processors: Processors): void {
  const url = '/billing/:profile/receipt/:charge/';
  app.get(url, receiptOptions, async (request, reply) => {
    const charge = await getReceiptCharge(request);
    if (!(await isSeenAsSeller(request))) return showReceipt(request, reply, charge);
    const sellers = sellersSeenBy(request.subject);
    const view = await viewCharge(request.ctx, charge, {
      sellers,
      disputePage: ({ processor, ...dispute }) => processors.getByName(processor).disputePage(dispute),
      is_manager: request.subject.is_manager,
      back: readNext(request),
    });
    if (sellers !== null && view.lines.length === 0) throw billingProblems.receipt_unknown();
    return reply.page(chargePage, view);
  });
  app.post(
    url,
    { ...receiptOptions, config: { ...receiptOptions.config, access: { kind: 'direct' } } },
    async (request, reply) => {
      const charge = await getReceiptCharge(request);
      await loadReceipt(request, charge); // the caller may see a line of it
      try {
        const email = await sendReceipt(request.ctx, charge);
        reply.flash('success', await describeSending(request.ctx, email));
      } catch (error) {
        return showReceipt(request, reply, charge, problemToForm(error));
      }
      return reply.redirect(paths.receipt(request.params.profile, charge.processor_key, readNext(request)), 303);
    },
  );
  app.get(`${url}printable/`, receiptOptions, async (request, reply) => {
    const charge = await getReceiptCharge(request);
    const back_url = paths.receipt(request.params.profile, charge.processor_key);
    const pdf_url = paths.receiptDownload(request.params.profile, charge.processor_key);
    const view = await loadReceipt(request, charge, readPage(request));
    const pages = linkPages(paths.printableReceipt(request.params.profile, charge.processor_key), view);
    return reply.page(printableReceiptPage, { ...view, back_url, pdf_url, pages });
  });
  app.get(`${url}download/`, pdfOptions, async (request, reply) => {
    const charge = await getReceiptCharge(request);
    const view = await loadReceipt(request, charge, null);
    const [invoice, ...others] = view.invoices;
    const name = invoice && others.length === 0 ? `invoice-${invoice.number}` : `receipt-${charge.processor_key}`;
    return sendPdf(reply, name, receiptSheet(view, request.ctx.lang));
  });
}

/** An address that no user has verified receives few messages a day: the text does not promise one more. */
async function describeSending(ctx: Context, email: string): Promise<string> {
  return (await findUserByVerifiedEmail(ctx.db, email))
    ? `The receipt is on its way to ${email}.`
    : `The receipt goes to ${email}. This address is not verified, so it receives only a few messages a day.`;
}

/** @throws receipt_unknown (404) */
async function getReceiptCharge({ ctx, params: { charge: key }, subject }: ReceiptRequest): Promise<Charge> {
  const charge = await findCharge(ctx.db, key);
  if (!charge || subject.profile_id === null || charge.profile_id !== subject.profile_id)
    throw billingProblems.receipt_unknown();
  return charge;
}

/** Loads the lines of a receipt that the caller may see. @throws receipt_unknown (404) without any */
async function loadReceipt({ ctx, subject }: FastifyRequest, charge: Charge, page: number | null = 1) {
  const sellers = sellersSeenBy(subject);
  const view = await viewReceipt(ctx, charge, sellers, page);
  if (sellers !== null && view.charge_items.length === 0) throw billingProblems.receipt_unknown();
  return view;
}

async function showReceipt(
  request: ReceiptRequest,
  reply: FastifyReply,
  charge: Charge,
  problem?: FormProblem,
): Promise<FastifyReply> {
  const { profile } = request.params;
  const next = readNext(request)?.replace(':profile', profile) ?? null;
  const view = await loadReceipt(request, charge, readPage(request));
  const data = {
    ...view,
    pages: linkPages(paths.receipt(profile, charge.processor_key, readNext(request)), view),
    printable_url: paths.printableReceipt(profile, charge.processor_key),
    pdf_url: paths.receiptDownload(profile, charge.processor_key),
    continue_url: isPaid(charge) ? (next ?? paths.app(profile)) : null,
    continue_title: continueTitle(next, paths.history(profile)),
    ...(problem ? { errors: problem.errors, detail: problem.detail } : {}),
  };
  return reply.page(receiptPage, data, problem?.status ?? 200);
}

/** Returns the number of the page of lines that the address asks for. */
function readPage({ listUrl }: FastifyRequest): number {
  const page = listUrl.searchParams.get('page') ?? '';
  return /^[1-9][0-9]{0,4}$/.test(page) ? Number(page) : 1;
}

/** Returns the addresses of the pages of lines before and after the one shown; null if all lines are shown. */
function linkPages(
  address: string,
  { lines_first, lines_count, charge_items }: { lines_first: number; lines_count: number; charge_items: unknown[] },
): { last: number; previous_url: string | null; next_url: string | null } | null {
  if (lines_count <= RECEIPT_LINES) return null;
  const last = lines_first + charge_items.length - 1;
  const page = Math.ceil(lines_first / RECEIPT_LINES);
  const url = (number: number) => `${address}${address.includes('?') ? '&' : '?'}page=${number}`;
  return {
    last,
    previous_url: page > 1 ? url(page - 1) : null,
    next_url: last < lines_count ? url(page + 1) : null,
  };
}

/** True if the caller sells to the profile and has no role on it: then the receipt is the page of a charge. */
async function isSeenAsSeller({ ctx, subject }: FastifyRequest): Promise<boolean> {
  if (subject.relation !== 'broker') return subject.relation === 'provider';
  const user_id = actorId(ctx);
  if (user_id === null) return true;
  const held = await findHeldRoles(ctx.db, user_id);
  return !held.some(({ profile_id }) => profile_id === subject.profile_id);
}

function continueTitle(next: string | null, history: string): string {
  if (next === null) return 'Open the application';
  return next.split('?')[0] === history ? 'Back to billing' : 'Continue';
}

function isPaid(charge: Charge): boolean {
  return charge.state === 'done';
}
