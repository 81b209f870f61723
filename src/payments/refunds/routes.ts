import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import type { DecideAccess } from '#platform/http/guards/access';
import { intentKey } from '#platform/http/guards/idempotency';
import {
  ChargeKeyParams,
  chargeOfPath,
  ChargeParams,
  ChargeSchema,
  getSeenCharge,
  presentSeenCharge,
} from '../charges/index.ts';
import { paymentsProblems } from '../problems.ts';
import type { Processors } from '../processors/index.ts';
import { refundCharge } from './refund-charge.ts';
import { RefundBody } from './schemas.ts';

const {
  charge_unknown,
  charge_line_unknown,
  charge_not_refundable,
  refund_exceeds_line,
  refund_exceeds_funds,
  refund_in_flight,
  refund_refused,
  processor_unreachable,
  processor_setup,
} = paymentsProblems;

const problems = [
  charge_unknown,
  charge_line_unknown,
  charge_not_refundable,
  refund_exceeds_line,
  refund_exceeds_funds,
  refund_in_flight,
  refund_refused,
  processor_unreachable,
  processor_setup,
  commonProblems.permission_denied,
];
const description =
  'Refunds lines of a charge in whole or in part. A line is never refunded beyond its amount; a retry with the same Idempotency-Key refunds once.';

type RefundRequest = FastifyRequest<{ Params: { charge: string }; Body: Static<typeof RefundBody> }>;

/** Routes that refund charges. */
export function refundRoutes(
  app: App,
  { processors, decideAccess }: { processors: Processors; decideAccess: DecideAccess },
): void {
  const refund = async (request: RefundRequest) => {
    const charge = await getSeenCharge(request);
    const detail = await refundCharge(
      { ...request.ctx, processors },
      request.subject,
      charge,
      request.body.lines,
      intentKey(request, 'refund'),
    );
    return presentSeenCharge(request, charge, detail);
  };

  app.post(
    '/api/billing/:profile/charges/:charge/refund',
    {
      config: { access: { kind: 'provider-only' }, problems },
      schema: {
        tags: ['billing'],
        summary: 'Refunds lines of a charge',
        description,
        params: ChargeParams,
        body: RefundBody,
        response: { 201: ChargeSchema },
      },
    },
    async (request, reply) => reply.status(201).send(await refund(request)),
  );

  app.post(
    '/api/billing/charges/:charge/refund',
    {
      preValidation: chargeOfPath(decideAccess, { kind: 'provider-only' }),
      config: { access: { kind: 'active' }, problems },
      schema: {
        tags: ['billing'],
        hide: true,
        summary: 'Refunds lines of a charge by its key, as in the API of 2019',
        description,
        params: ChargeKeyParams,
        body: RefundBody,
        response: { 200: ChargeSchema },
      },
    },
    async (request) => refund(request),
  );
}
