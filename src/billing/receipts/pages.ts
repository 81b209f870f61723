import { Type } from 'typebox';
import { transactionFields, listHistory, selectMainAmount, findStatementBalance } from '#ledger';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { listQuerystring } from '#platform/http/schemas';
import { type Charge, findCharge, findSavedCard } from '#payments';
import { presentSavedCard } from '../cards/index.ts';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getProfileById, loadPayerSummary } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { historyPage, receiptPage } from './page-types.ts';
import { viewReceipt } from './view-receipt.ts';
import { viewHistory } from './view-history.ts';
import { commonProblems } from '#kernel/problem';

const params = Type.Object({ profile: Type.String() });

/** Pages of the transactions of a profile and of its receipts. */
export function receiptPages(app: App): void {
  addHistoryPage(app);
  addReceiptPage(app);
}

function addHistoryPage(app: App): void {
  app.get(
    '/billing/:profile/history/',
    {
      config: { access: { kind: 'provider' }, page: true },
      schema: { hide: true, params, querystring: listQuerystring(transactionFields) },
    },
    async (request, reply) => {
      const { ctx, subject } = request;
      if (subject.profile_id === null) throw commonProblems.not_found();
      const profile = await getProfileById(ctx.db, subject.profile_id);
      const list = request.list(profile.default_timezone);
      const newest = list.order.length > 0 ? list : { ...list, order: [{ field: 'created_at', descending: true }] };
      const sellers = sellersSeenBy(subject);
      const page = await listHistory(ctx, profile.id, { list: newest, url: request.listUrl, sellers });
      const reading = { lang: ctx.lang, timezone: profile.default_timezone };
      const card = sellers === null ? await findSavedCard(ctx.db, profile.id) : null;
      const due = selectMainAmount((await findStatementBalance(ctx.db, profile.id, ctx.clock.now(), sellers)).totals);
      return reply.page(historyPage, {
        profile: await loadPayerSummary(ctx.db, profile),
        balance_amount: due.amount,
        balance_unit: due.unit,
        card: card ? presentSavedCard(card) : null,
        transactions: { ...page, results: await viewHistory(ctx.db, page.results, reading) },
      });
    },
  );
}

function addReceiptPage(app: App): void {
  app.get(
    '/billing/:profile/receipt/:charge/',
    {
      config: { access: { kind: 'provider' }, page: true, problems: [billingProblems.receipt_unknown] },
      schema: {
        hide: true,
        querystring: OrderQuerySchema,
        params: Type.Object({ profile: Type.String(), charge: Type.String({ maxLength: 255 }) }),
      },
    },
    async (request, reply) => {
      const charge = await findCharge(request.ctx.db, request.params.charge);
      const { profile_id } = request.subject;
      if (!charge || profile_id === null || charge.profile_id !== profile_id) throw billingProblems.receipt_unknown();
      const sellers = sellersSeenBy(request.subject);
      const view = await viewReceipt(request.ctx, charge, sellers);
      if (sellers !== null && view.charge_items.length === 0) throw billingProblems.receipt_unknown();
      const next = readNext(request)?.replace(':profile', request.params.profile) ?? null;
      return reply.page(receiptPage, {
        ...view,
        continue_url: isPaid(charge) ? (next ?? paths.app(request.params.profile)) : null,
        continue_title: next === null ? 'Open the application' : 'Continue',
      });
    },
  );
}

function isPaid(charge: Charge): boolean {
  return charge.state === 'done';
}
