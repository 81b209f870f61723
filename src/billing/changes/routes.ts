import { Type } from 'typebox';
import type { FastifyRequest } from 'fastify';
import { catalogProblems } from '#catalog';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paymentsProblems, type Processors } from '#payments';
import { subscriptionProblems } from '#subscriptions';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import type { ChangeTarget } from './load-change.ts';
import { getPending, withdrawChange } from './pending-change.ts';
import { presentOutcome, presentPending } from './present-change.ts';
import { previewChange } from './preview-change.ts';
import { requestChange } from './request-change.ts';
import {
  ChangeBody,
  ChangedSchema,
  ChangeParams,
  ChangePreviewSchema,
  ChangeQuery,
  PendingChangeSchema,
  PendingPaymentSchema,
} from './schemas.ts';

const tags = ['subscriptions'];
const access = { kind: 'provider', frictionless: true } as const;
const url = '/api/profile/:profile/subscriptions/:subscribed_plan/change';

/** Refusals of a preview. */
const refusals = [
  subscriptionProblems.subscription_unknown,
  subscriptionProblems.subscription_protected,
  catalogProblems.plan_unknown,
  commonProblems.permission_denied,
  billingProblems.change_same_plan,
  billingProblems.change_provider_differs,
  billingProblems.change_unit_differs,
  billingProblems.plan_not_offered,
  subscriptionProblems.subscription_overlaps,
  billingProblems.subscription_not_agreed,
  billingProblems.subscription_paused,
  billingProblems.charge_pending,
  billingProblems.payment_disputed,
  billingProblems.change_begun,
  billingProblems.change_not_offered,
  billingProblems.change_at_period_end_only,
  billingProblems.change_needs_provider,
  billingProblems.seats_in_use,
  billingProblems.buyer_must_pay,
];

/** Routes that change the plan or the quantity of a subscription, for the subscriber and the provider of the plan. */
export function changeRoutes(app: App, processors: Processors): void {
  previewRoute(app, processors);
  requestRoute(app, processors);
  pendingRoutes(app);
}

function previewRoute(app: App, processors: Processors): void {
  app.get(
    url,
    {
      config: { access, problems: refusals },
      schema: {
        tags,
        summary: 'Previews a change of plan or quantity',
        description:
          'Shows what a change to another plan, or to another quantity of the same plan, would credit, order and charge now. Writes nothing. `preview_key` confirms it for ten minutes. `mode` and `leave_due` are for managers of the provider. Without the consent of the subscriber, a provider plans no change that lets the card be charged more later.',
        params: ChangeParams,
        querystring: ChangeQuery,
        response: { 200: ChangePreviewSchema },
      },
    },
    async (request) => {
      const { to, at, option, quantity, mode, leave_due } = request.query;
      const target = await readTarget(request, request.params.subscribed_plan, to);
      const wish = readWish({
        at,
        option: option === undefined ? undefined : Number(option),
        quantity: quantity === undefined ? undefined : Number(quantity),
        mode,
        leave_due: leave_due === 'true',
      });
      return previewChange({ ...request.ctx, processors }, target, wish);
    },
  );
}

function requestRoute(app: App, processors: Processors): void {
  app.post(
    url,
    {
      config: {
        access,
        problems: [
          ...refusals,
          billingProblems.preview_required,
          billingProblems.preview_outdated,
          billingProblems.change_pending,
          billingProblems.uses_would_lapse,
          billingProblems.too_many_changes,
          billingProblems.payment_method_missing,
          billingProblems.checkout_in_flight,
          billingProblems.payment_unknown,
          paymentsProblems.card_declined,
          paymentsProblems.processor_refused,
          paymentsProblems.action_required,
          paymentsProblems.charge_unit_refused,
          paymentsProblems.charge_too_large,
        ],
      },
      schema: {
        tags,
        summary: 'Changes the plan or the quantity of a subscription',
        description:
          'Executes the change that the preview showed, or stores it for the end of the paid period. A difference to the preview is refused with `preview_outdated` and the new preview. A retry with the same key returns the outcome of the first request. 202: the processor has not decided the payment, and the old plan goes on.',
        params: ChangeParams,
        body: ChangeBody,
        response: { 200: ChangedSchema, 202: PendingPaymentSchema },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const ctx = { ...request.ctx, processors };
      const target = await readTarget(request, request.params.subscribed_plan, body.to);
      const outcome = await requestChange(ctx, target, {
        ...readWish(body),
        preview_key: body.preview_key ?? null,
        token: body.processor_token ?? null,
        remember_card: body.remember_card ?? false,
        replace: body.replace ?? false,
        accept_lost_uses: body.accept_lost_uses ?? false,
      });
      const presented = await presentOutcome(ctx, outcome);
      if (presented.status === 202) return reply.status(202).send(presented.body);
      return reply.status(200).send(presented.body);
    },
  );
}

function pendingRoutes(app: App): void {
  app.get(
    `${url}/pending`,
    {
      config: { access, problems: [subscriptionProblems.subscription_unknown, billingProblems.change_unknown] },
      schema: {
        tags,
        summary: 'Retrieves the planned change of a subscription',
        description: 'Returns the change that takes effect at the end of the paid period, with its promised price.',
        params: ChangeParams,
        response: { 200: PendingChangeSchema },
      },
    },
    async (request) => {
      const target = await readTarget(request, request.params.subscribed_plan, '');
      return presentPending(request.ctx, await getPending(request.ctx, target));
    },
  );

  app.delete(
    url,
    {
      config: {
        access,
        problems: [
          subscriptionProblems.subscription_unknown,
          billingProblems.change_unknown,
          billingProblems.change_begun,
        ],
      },
      schema: {
        tags,
        summary: 'Withdraws the planned change of a subscription',
        description: 'The subscription renews with its present plan and quantity. No money moves.',
        params: ChangeParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await withdrawChange(request.ctx, await readTarget(request, request.params.subscribed_plan, ''));
      return reply.status(204).send(null);
    },
  );
}

/** Loads the subscriber that the path names. @throws not_found (404) */
export async function readTarget({ ctx, subject }: FastifyRequest, plan: string, to: string): Promise<ChangeTarget> {
  if (subject.profile_id === null) throw commonProblems.not_found();
  return { subscriber: await getProfileById(ctx.db, subject.profile_id), plan, to, sellers: sellersSeenBy(subject) };
}

interface Wish {
  at?: 'now' | 'period_end' | undefined;
  option?: number | undefined;
  quantity?: number | undefined;
  mode?: 'prorate' | 'period_end' | 'none' | 'full' | 'refused' | undefined;
  leave_due?: boolean | undefined;
}

/** Returns what the caller asks for, with the defaults of the API. */
export function readWish({ at, option, quantity, mode, leave_due }: Wish) {
  return {
    at: at ?? null,
    option: option ?? 1,
    quantity: quantity ?? null,
    mode: mode ?? null,
    leave_due: leave_due ?? false,
  };
}
