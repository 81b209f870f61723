import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { intentKey } from '#platform/http/guards/idempotency';
import { ChargeParams, ChargeSchema, getSeenCharge, presentSeenCharge } from '../charges/index.ts';
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
} = paymentsProblems;

/** Routes that refund charges. */
export function refundRoutes(app: App, processors: Processors): void {
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
        summary: 'Refunds lines of a charge',
        description:
          'Refunds lines of a charge in whole or in part. A line is never refunded beyond its amount; a retry with the same Idempotency-Key refunds once.',
        params: ChargeParams,
        body: RefundBody,
        response: { 201: ChargeSchema },
      },
    },
    async (request, reply) => {
      const charge = await getSeenCharge(request);
      const detail = await refundCharge(
        { ...request.ctx, processors },
        request.subject,
        charge,
        request.body.lines,
        intentKey(request, 'refund'),
      );
      reply.status(201);
      return presentSeenCharge(request, charge, detail);
    },
  );
}
