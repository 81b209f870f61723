import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { countInvitation } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import { presentSubscriber } from '../records/index.ts';
import { getSubjectId } from '../route-subject.ts';
import { PlanParams, SubscriberSchema } from '../schemas.ts';
import { acceptRequest } from './accept-subscription.ts';
import { grantSubscription } from './grant-subscription.ts';
import { GrantQuerystring, GrantBody, RequestKeyParams } from './schemas.ts';

const managing = { kind: 'direct' } as const;
const tags = ['subscriptions'];

/** Grants of subscriptions, and requests that a provider accepts. */
export function grantRoutes(app: App, needs: { throttle: Throttle }): void {
  grantRoute(app, needs.throttle);
  acceptRequestRoute(app);
}

function grantRoute(app: App, throttle: Throttle): void {
  app.post(
    '/api/profile/:profile/plans/:plan/subscriptions',
    {
      config: {
        access: managing,
        problems: [
          subscriptionProblems.plan_not_provided,
          subscriptionProblems.subscriber_unknown,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        tags,
        summary: 'Grants a subscription',
        description:
          'Grants a subscription to a profile, or to a person by e-mail address. The subscriber must accept it unless the caller manages the subscriber or the plan requires no consent.',
        params: PlanParams,
        querystring: GrantQuerystring,
        body: GrantBody,
        response: { 200: SubscriberSchema, 201: SubscriberSchema },
      },
    },
    async (request, reply) => {
      const { ctx, subject, params, query } = request;
      await countInvitation(ctx, throttle);
      const target = { provider_id: getSubjectId(subject), plan: params.plan };
      const force = isForced(query.force);
      const { subscription, is_new } = await grantSubscription(ctx, target, request.body, { force });
      return reply.status(is_new ? 201 : 200).send(await presentSubscriber(ctx, subscription));
    },
  );
}

function isForced(text: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(text?.toLowerCase() ?? '');
}

function acceptRequestRoute(app: App): void {
  const url = '/api/profile/:profile/subscribers/accept/:request_key';
  const config = { access: managing, problems: [subscriptionProblems.subscription_key_unknown] };
  const schema = {
    tags,
    summary: 'Grants a subscription request',
    description: 'Accepts the request of a profile for a subscription. The key works once.',
    params: RequestKeyParams,
  };
  app.post(url, { config, schema: { ...schema, response: { 201: SubscriberSchema } } }, async (request, reply) => {
    const { ctx } = request;
    const { subscription } = await acceptRequest(ctx, getSubjectId(request.subject), request.params.request_key);
    return reply.status(201).send(await presentSubscriber(ctx, subscription));
  });
  // Method of the API version of 2019.
  putAndPatch(
    app,
    url,
    { config, schema: { ...schema, hide: true, response: { 200: SubscriberSchema } } },
    async ({ ctx, subject, params }) => {
      const { subscription } = await acceptRequest(ctx, getSubjectId(subject), params.request_key);
      return presentSubscriber(ctx, subscription);
    },
  );
}
