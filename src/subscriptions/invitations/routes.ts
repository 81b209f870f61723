import { findPlanBySlug } from '#catalog';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { countInvitation } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import { findManagedProfiles } from '../managed-profiles.ts';
import { mayExtend } from '../policy.ts';
import { presentSubscriber, presentSubscription } from '../records/index.ts';
import { getSubjectId, getSubjectProfile } from '../route-subject.ts';
import { PlanParams, SubscriberSchema, SubscriptionSchema } from '../schemas.ts';
import { acceptRequest } from './accept-subscription.ts';
import { grantSubscription } from './grant-subscription.ts';
import { GrantQuerystring, GrantBody, ProfileParams, RequestKeyParams, SubscribeBody } from './schemas.ts';

const managing = { kind: 'direct' } as const;
const tags = ['subscriptions'];

/** Grants of subscriptions, and requests that a provider accepts. */
export function grantRoutes(app: App, needs: { throttle: Throttle }): void {
  grantRoute(app, needs.throttle);
  subscribeRoute(app, needs.throttle);
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

/** Operation of the API version of 2019: the provider of a plan subscribes the profile, as a grant does. */
function subscribeRoute(app: App, throttle: Throttle): void {
  app.post(
    '/api/profile/:profile/subscriptions',
    {
      config: {
        access: { kind: 'provider' },
        problems: [
          subscriptionProblems.plan_not_provided,
          subscriptionProblems.subscription_protected,
          throttleProblems.too_many_requests,
        ],
      },
      schema: {
        hide: true,
        params: ProfileParams,
        body: SubscribeBody,
        response: { 200: SubscriptionSchema, 201: SubscriptionSchema },
      },
    },
    async (request, reply) => {
      const { ctx, subject, body } = request;
      const slug = typeof body.plan === 'string' ? body.plan : body.plan.slug;
      const plan = await findPlanBySlug(ctx.db, slug);
      if (!plan) throw subscriptionProblems.plan_not_provided();
      const managed = await findManagedProfiles(ctx.db, ctx);
      // A subscriber buys: only the provider and the broker give a subscription.
      if (!mayExtend(managed, plan)) throw subscriptionProblems.subscription_protected();
      await countInvitation(ctx, throttle);
      const profile = await getSubjectProfile(ctx, subject);
      const { subscription, is_new } = await grantSubscription(
        ctx,
        { provider_id: plan.profile_id, plan: plan.slug },
        { profile: { slug: profile.slug, full_name: profile.full_name } },
        { force: false },
      );
      return reply.status(is_new ? 201 : 200).send(await presentSubscription(ctx, subscription, managed));
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
