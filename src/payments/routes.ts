import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isTimeZone } from '#kernel/instant';
import { commonProblems } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import { sellersSeenBy } from '#platform/http/guards/access';
import type { App } from '#platform/http/app';
import { intentKey } from '#platform/http/guards/idempotency';
import { ListQuerystring, SlugParam } from '#platform/http/schemas';
import { listProblems } from '#platform/db/list';
import { findProfileById, getBroker } from '#profiles';
import { cardRoutes } from './card-routes.ts';
import type { Charge } from './charge.ts';
import { getBank } from './get-bank.ts';
import { chargeSeenBy, getChargeOf } from './get-charge.ts';
import { listCharges } from './list-charges.ts';
import { presentCharge } from './present-charge.ts';
import { paymentsProblems } from './problems.ts';
import { refundCharge } from './refund-charge.ts';
import { BankSchema, ChargePage, ChargeSchema, ReceiptCopySchema, RefundBody } from './schemas.ts';
import { sendReceipt } from './send-receipt.ts';

const ChargeParams = Type.Object({ profile: SlugParam, charge: Type.String({ minLength: 1, maxLength: 255 }) });
const {
  charge_unknown,
  charge_unpaid,
  receipt_address_absent,
  charge_line_unknown,
  charge_not_refundable,
  refund_exceeds_line,
  refund_exceeds_funds,
  refund_in_flight,
  refund_refused,
  processor_unreachable,
} = paymentsProblems;

export function paymentsRoutes(app: App): void {
  chargeRoutes(app);
  cardRoutes(app);

  app.get(
    '/api/billing/:profile/bank',
    {
      config: { access: { kind: 'direct' } },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves the account that a provider is paid out to',
        description: 'Returns the account to which a provider is paid out, and the balance that waits there.',
        params: Type.Object({ profile: SlugParam }),
        response: { 200: BankSchema },
      },
    },
    async (request) => {
      const profile = await findProfileById(request.ctx.db, subjectId(request));
      assert(profile, 'the guard of the route found the profile');
      return getBank(request.ctx.db, profile);
    },
  );
}

function chargeRoutes(app: App): void {
  app.get(
    '/api/billing/charges',
    {
      config: { access: { kind: 'broker' }, problems: [listProblems.page_out_of_range] },
      schema: {
        tags: ['billing'],
        summary: 'Lists all charges',
        description: 'Lists the charges of all profiles, newest first.',
        querystring: ListQuerystring,
        response: { 200: ChargePage },
      },
    },
    async (request) => {
      const { default_timezone } = await getBroker(request.ctx.db, request.ctx.site);
      const list = request.list(isTimeZone(default_timezone) ? default_timezone : 'UTC');
      return listCharges(request.ctx, list, request.listUrl);
    },
  );

  app.get(
    '/api/billing/:profile/charges/:charge',
    {
      config: { access: { kind: 'provider' }, problems: [charge_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves a charge',
        description: 'Returns a charge of the profile; a pending one is looked up at the payment processor first.',
        params: ChargeParams,
        response: { 200: ChargeSchema },
      },
    },
    async (request) => presentSeen(request, await chargeOf(request)),
  );

  app.post(
    '/api/billing/:profile/charges/:charge/email',
    {
      config: { access: { kind: 'provider' }, problems: [charge_unknown, charge_unpaid, receipt_address_absent] },
      schema: {
        tags: ['billing'],
        summary: 'Mails the receipt of a charge to the customer once more',
        description: 'Sends the receipt of a charge to the e-mail address of the customer once more.',
        params: ChargeParams,
        response: { 201: ReceiptCopySchema },
      },
    },
    async (request, reply) => {
      const charge = await chargeOf(request);
      const email = await sendReceipt(request.ctx, charge);
      reply.status(201);
      return { charge_id: charge.processor_key, email, detail: `A copy of the receipt was sent to ${email}.` };
    },
  );

  app.post(
    '/api/billing/:profile/charges/:charge/refund',
    {
      config: {
        access: { kind: 'provider-only' },
        problems: [
          charge_unknown,
          charge_line_unknown,
          charge_not_refundable,
          refund_exceeds_line,
          refund_exceeds_funds,
          refund_in_flight,
          refund_refused,
          processor_unreachable,
          commonProblems.permission_denied,
        ],
      },
      schema: {
        tags: ['billing'],
        summary: 'Gives back lines of a charge, whole or in part',
        description:
          'Refunds lines of a charge in whole or in part. A line is never refunded beyond its amount; a retry with the same Idempotency-Key refunds once.',
        params: ChargeParams,
        body: RefundBody,
        response: { 201: ChargeSchema },
      },
    },
    async (request, reply) => {
      const charge = await chargeOf(request);
      const detail = await refundCharge(
        request.ctx,
        request.subject,
        charge,
        request.body.lines,
        intentKey(request, 'refund'),
      );
      reply.status(201);
      return presentSeen(request, charge, detail);
    },
  );
}

function chargeOf(request: FastifyRequest<{ Params: { charge: string } }>) {
  return getChargeOf(request.ctx.db, subjectId(request), request.params.charge, sellersSeenBy(request.subject));
}

async function presentSeen({ ctx, subject }: FastifyRequest, charge: Charge, detail?: string) {
  return presentCharge(await chargeSeenBy(ctx.db, charge, sellersSeenBy(subject)), detail, ctx.lang);
}

/** The profile that the guard of the route found. */
function subjectId({ subject }: FastifyRequest): ProfileId {
  assert(subject.profile_id !== null, 'the guard of the route found the profile');
  return subject.profile_id;
}
