import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { isTimeZone, readInstant } from '#kernel/instant';
import { commonProblems, invalidInput } from '#kernel/problem';
import { presentTransactions } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { listProblems } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { sellersSeenBy, type Subject } from '#platform/http/guards/access';
import { intentKey } from '#platform/http/guards/idempotency';
import { listQuerystring } from '#platform/http/schemas';
import { paymentsProblems, type Processors } from '#payments';
import { findProfileById } from '#profiles';
import { adjustmentList, listAdjustmentRows } from '../adjustments/index.ts';
import { billingProblems } from '../problems.ts';
import { billUses } from './bill-uses.ts';
import { endPaymentAndCancel } from './cancel-balance.ts';
import { importPayment } from './import-payment.ts';
import { presentAdjustments, presentUses } from './present-adjustments.ts';
import { reverseAdjustment } from './reverse-adjustment.ts';
import {
  AdjustmentPage,
  AdjustmentParams,
  AdjustmentSchema,
  CancelQuery,
  ImportBody,
  ImportReply,
  ProfileParams,
  UsesBody,
  UsesReply,
} from './schemas.ts';

const tags = ['billing'];

/** Routes that change what a profile owes without a processor. */
export function balanceRoutes(app: App, processors: Processors): void {
  usesRoute(app);
  cancelRoutes(app, processors);
  importRoute(app);
  adjustmentRoutes(app);
}

function usesRoute(app: App): void {
  app.post(
    '/api/billing/:profile/balance',
    {
      config: {
        access: { kind: 'provider' },
        problems: [
          billingProblems.quota_reached,
          billingProblems.use_charge_absent,
          billingProblems.subscription_uncovered,
          commonProblems.permission_denied,
        ],
      },
      schema: {
        tags,
        summary: 'Adds uses to the balance of a subscriber',
        description:
          'Counts uses of a subscription and adds the price of those beyond the quota to what the profile owes. Responds with 200 and an amount of 0 when all of them are free: nothing is owed then. Send an Idempotency-Key, so that a retry counts nothing.',
        params: ProfileParams,
        body: UsesBody,
        response: UsesReply,
      },
    },
    async (request, reply) => {
      const { ctx, subject, body } = request;
      const profile_id = subjectId(subject);
      const counted = await billUses(ctx, {
        profile_id,
        sellers: sellersSeenBy(subject),
        plan: body.plan,
        use: body.use ?? null,
        quantity: body.quantity ?? 1,
        sync_on: body.sync_on ?? null,
        created_at:
          typeof body.created_at === 'string' ? await readLocal(request, 'created_at', body.created_at) : null,
        request_key: intentKey(request, 'uses'),
      });
      reply.status(counted.is_billed ? 201 : 200);
      return presentUses(ctx.db, profile_id, counted, ctx.lang);
    },
  );
}

function cancelRoutes(app: App, processors: Processors): void {
  const config = {
    access: { kind: 'provider-only' },
    problems: [billingProblems.charge_pending, paymentsProblems.processor_unreachable],
  } as const;
  const schema = {
    tags,
    summary: 'Cancels a balance due',
    description:
      'Writes off what the profile owes, or with `paid` records that the provider received it elsewhere. A provider settles what is due on its own plans, the broker all of it. Subscriptions do not change. A payment of it that waits for the payer is ended first. The entry can be reversed.',
    params: ProfileParams,
    querystring: CancelQuery,
    response: { 204: Type.Null() },
  };
  const cancel = async (request: FastifyRequest<{ Querystring: Static<typeof CancelQuery> }>, reply: FastifyReply) => {
    const { ctx, subject, query } = request;
    await endPaymentAndCancel(
      { ...ctx, processors },
      {
        profile_id: subjectId(subject),
        sellers: sellersSeenBy(subject),
        amount: readWanted(query.amount),
        is_paid: readFlag(query.paid),
        request_key: intentKey(request, 'cancel balance'),
      },
    );
    return reply.status(204).send(null);
  };
  app.delete('/api/billing/:profile/balance', { config, schema }, cancel);
  // Address of the API version of 2019.
  app.delete('/api/billing/:profile/balance/cancel', { config, schema: { ...schema, hide: true } }, cancel);
}

function importRoute(app: App): void {
  app.post(
    '/api/billing/:profile/transfers/import',
    {
      config: { access: { kind: 'direct' }, problems: [billingProblems.offline_payment_refused] },
      schema: {
        tags,
        summary: 'Records a payment made outside of the site',
        description:
          'Records a sale on a subscription to a plan of the profile, and its payment. It does not settle an existing balance and does not extend the subscription. The entry can be reversed.',
        params: ProfileParams,
        body: ImportBody,
        response: { 201: ImportReply },
      },
    },
    async (request, reply) => {
      const { ctx, subject, body } = request;
      const provider_id = subjectId(subject);
      const payment = {
        subscription: body.subscription,
        created_at: await readLocal(request, 'created_at', body.created_at),
        amount: body.amount,
        descr: body.descr ?? undefined,
      };
      const { adjustment, entries } = await importPayment(ctx, provider_id, payment, intentKey(request, 'import'));
      return reply.status(201).send({
        detail: 'Transaction imported successfully.',
        key: adjustment.key,
        results: await presentTransactions(ctx.db, entries, provider_id, ctx.lang),
      });
    },
  );
}

function adjustmentRoutes(app: App): void {
  app.get(
    '/api/billing/:profile/adjustments',
    {
      config: { access: { kind: 'direct' }, problems: [listProblems.page_out_of_range] },
      schema: {
        tags,
        summary: 'Lists the write-offs and payments made outside of the site',
        description: 'Lists the write-offs and offline payments that the provider recorded, newest first.',
        params: ProfileParams,
        querystring: listQuerystring(adjustmentList),
        response: { 200: AdjustmentPage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const provider_id = subjectId(subject);
      const list = await request.listIn(() => findTimezone(request));
      const page = await listAdjustmentRows(ctx.db, provider_id, list, request.listUrl);
      return { ...page, results: await presentAdjustments(ctx.db, page.results) };
    },
  );

  app.post(
    '/api/billing/:profile/adjustments/:key/reverse',
    {
      config: {
        access: { kind: 'direct' },
        problems: [
          billingProblems.adjustment_unknown,
          billingProblems.adjustment_reversed,
          billingProblems.adjustment_settled,
        ],
      },
      schema: {
        tags,
        summary: 'Reverses a write-off or an offline payment',
        description:
          'Adds ledger entries that take the recorded ones back: the profile owes again what was settled. Reversing twice is refused.',
        params: AdjustmentParams,
        response: { 200: AdjustmentSchema },
      },
    },
    async (request) => {
      const { ctx, subject, params } = request;
      const adjustment = await reverseAdjustment(ctx, subjectId(subject), params.key);
      const [presented] = await presentAdjustments(ctx.db, [adjustment]);
      return presented;
    },
  );
}

/** Returns the id of the profile in the path. */
function subjectId({ profile_id }: Subject): ProfileId {
  if (profile_id === null) throw commonProblems.not_found();
  return profile_id;
}

/** Reads an instant; without an offset in the zone of the profile in the path. */
async function readLocal(request: FastifyRequest, field: string, text: string): Promise<Date> {
  return readInstant(field, text, await findTimezone(request));
}

async function findTimezone({ ctx, subject }: FastifyRequest): Promise<string> {
  const profile = await findProfileById(ctx.db, subjectId(subject));
  return profile && isTimeZone(profile.default_timezone) ? profile.default_timezone : 'UTC';
}

/** @throws invalid_input (400) naming `amount` */
function readWanted(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const amount = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (amount >= 1) return amount;
  if (amount === 0 || /^-\d+$/.test(text))
    throw invalidInput({ amount: ['Ensure this value is greater than or equal to 1.'] });
  throw invalidInput({ amount: ['Enter a whole number of 1/100 of the unit.'] });
}

/** @throws invalid_input (400) naming `paid` */
function readFlag(text: string | undefined): boolean {
  const typed = text?.toLowerCase() ?? '';
  if (['1', 'true', 'yes', 'on'].includes(typed)) return true;
  if (['', '0', 'false', 'no', 'off'].includes(typed)) return false;
  throw invalidInput({ paid: ['Enter true or false.'] });
}
