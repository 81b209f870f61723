import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { SlugParam } from '#platform/http/schemas';
import { paymentsProblems, type Processors } from '#payments';
import { endingReasons, subscriptionProblems } from '#subscriptions';
import { billingProblems } from '../problems.ts';
import { cancelTimes, refundChoices } from './cancellation.ts';
import { previewCancellation, requestCancellation, withdrawCancellation } from './request-cancellation.ts';

const tags = ['subscriptions'];
const access = { kind: 'provider', frictionless: true } as const;
const url = '/api/profile/:profile/subscriptions/:subscribed_plan/cancel';
const params = Type.Object({ profile: SlugParam, subscribed_plan: SlugParam });
const wish = {
  at: Type.Optional(Type.Enum([...cancelTimes], { description: 'period_end when omitted' })),
  refund: Type.Optional(Type.Enum([...refundChoices], { description: 'none when omitted' })),
};
const Deletes = Type.Object({
  pending_change: Type.Union([Type.Object({ slug: Type.String(), title: Type.String() }), Type.Null()]),
  pause: Type.Boolean({ description: 'A planned or running pause ends' }),
});
const amounts = {
  refund_amount: Type.Integer({ description: 'Goes back to the card, in 1/100 of the unit' }),
  credit_amount: Type.Integer({ description: 'Becomes credit, in 1/100 of the unit' }),
};
const Instant = Type.String({ format: 'date-time' });
const PreviewSchema = Type.Object({
  preview_key: Type.String(),
  expires_at: Instant,
  at: Type.Enum([...cancelTimes]),
  ends_at: Instant,
  lines: Type.Array(
    Type.Object({
      kind: Type.Enum(['credit_note', 'refund']),
      amount: Type.Integer(),
      unit: Type.String(),
      covers_from: Instant,
      covers_to: Instant,
    }),
  ),
  ...amounts,
  due_after: Type.Integer(),
  unit: Type.String(),
  deletes: Deletes,
});
const CancelledSchema = Type.Object({
  state: Type.Enum(['done', 'pending'], { description: 'pending: the processor has not decided the refund' }),
  ends_at: Instant,
  auto_renew: Type.Boolean(),
  ...amounts,
  deletes: Deletes,
  detail: Type.String(),
});
const refusals = [
  subscriptionProblems.subscription_unknown,
  subscriptionProblems.subscription_protected,
  billingProblems.subscription_not_agreed,
  billingProblems.refund_not_offered,
  billingProblems.charge_pending,
  billingProblems.payment_disputed,
];

/** Routes that cancel a subscription, for the subscriber and the provider of the plan. */
export function cancellationRoutes(app: App, processors: Processors): void {
  app.get(
    url,
    {
      config: { access, problems: refusals },
      schema: {
        tags,
        summary: 'Previews a cancellation',
        description:
          'Shows when the subscription would end and what would be given back. Writes nothing. `preview_key` confirms it for ten minutes.',
        params,
        querystring: Type.Object(wish),
        response: { 200: PreviewSchema },
      },
    },
    async (request) => {
      const { at = 'period_end', refund = 'none' } = request.query;
      return previewCancellation(request.ctx, targetOf(request, request.params.subscribed_plan), { at, refund });
    },
  );
  cancelRoute(app, processors);
  withdrawRoute(app);
}

function cancelRoute(app: App, processors: Processors): void {
  app.post(
    url,
    {
      config: {
        access,
        problems: [
          ...refusals,
          billingProblems.preview_required,
          billingProblems.preview_outdated,
          paymentsProblems.refund_exceeds_funds,
          paymentsProblems.refund_in_flight,
          paymentsProblems.refund_refused,
          paymentsProblems.processor_unreachable,
          paymentsProblems.processor_setup,
        ],
      },
      schema: {
        tags,
        summary: 'Cancels a subscription',
        description:
          'Cancels at the end of what is paid, or now. What moves money needs the `preview_key` of its preview; a retry with it returns the first outcome.',
        params,
        body: Type.Object({
          ...wish,
          preview_key: Type.Optional(Type.String({ maxLength: 60 })),
          reason: Type.Optional(Type.Enum([...endingReasons])),
          comment: Type.Optional(Type.String({ maxLength: 1000 })),
        }),
        response: { 200: CancelledSchema, 202: CancelledSchema },
      },
    },
    async (request, reply) => {
      const { at = 'period_end', refund = 'none', preview_key, reason, comment } = request.body;
      const result = await requestCancellation(
        { ...request.ctx, processors },
        targetOf(request, request.params.subscribed_plan),
        { at, refund, preview_key: preview_key ?? null, reason: reason ?? null, comment: comment ?? null },
      );
      const detail =
        result.state === 'pending'
          ? 'The refund is being made. The subscription ends when it is.'
          : `The subscription ends at ${result.ends_at}.`;
      return reply.status(result.state === 'pending' ? 202 : 200).send({ ...result, detail });
    },
  );
}

function withdrawRoute(app: App): void {
  app.delete(
    url,
    {
      config: {
        access,
        problems: [
          subscriptionProblems.subscription_unknown,
          subscriptionProblems.subscription_protected,
          billingProblems.subscription_not_agreed,
          billingProblems.cancellation_unknown,
        ],
      },
      schema: {
        tags,
        summary: 'Withdraws a cancellation',
        description: 'Takes a planned cancellation back: the subscription renews as its plan says.',
        params,
        response: { 200: Type.Object({ ends_at: Instant, auto_renew: Type.Boolean() }) },
      },
    },
    async (request) => withdrawCancellation(request.ctx, targetOf(request, request.params.subscribed_plan)),
  );
}

function targetOf({ subject }: FastifyRequest, plan: string) {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return { profile_id: subject.profile_id, plan, sellers: sellersSeenBy(subject) };
}
