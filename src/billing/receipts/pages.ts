import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { actorId } from '#platform/actor-id';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { type Charge, chargePage, findCharge, viewCharge } from '#payments';
import { findHeldRoles, type Profile } from '#profiles';
import { OrderQuerySchema, readNext } from '../order-query.ts';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { historyCsv, viewHistoryPage } from './history-list.ts';
import { historyPage, receiptPage } from './page-types.ts';
import { viewReceipt } from './view-receipt.ts';
import { commonProblems } from '#kernel/problem';

const params = Type.Object({ profile: Type.String() });

/** Pages of the transactions of a profile and of its receipts. */
export function receiptPages(app: App): void {
  addHistoryPage(app);
  addReceiptPage(app);
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
      if (await isSeenAsSeller(request)) {
        const view = await viewCharge(request.ctx, charge, {
          sellers,
          is_manager: request.subject.is_manager,
          back: readNext(request),
        });
        if (sellers !== null && view.lines.length === 0) throw billingProblems.receipt_unknown();
        return reply.page(chargePage, view);
      }
      const view = await viewReceipt(request.ctx, charge, sellers);
      if (sellers !== null && view.charge_items.length === 0) throw billingProblems.receipt_unknown();
      const next = readNext(request)?.replace(':profile', request.params.profile) ?? null;
      return reply.page(receiptPage, {
        ...view,
        continue_url: isPaid(charge) ? (next ?? paths.app(request.params.profile)) : null,
        continue_title: continueTitle(next, paths.history(request.params.profile)),
      });
    },
  );
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
