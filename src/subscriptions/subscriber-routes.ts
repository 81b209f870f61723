import { endListAt } from '#kernel/page';
import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { type Throttle, throttleProblems } from '#platform/security/throttle';
import { countInvitation } from '#profiles';
import { acceptRequest } from './accept-subscription.ts';
import { getPlanOf, getProfileOf, getSubscriber, isForced, planIds, profileOf } from './caller.ts';
import { changeSubscription } from './change-subscription.ts';
import { engagementRoutes } from './engagement-routes.ts';
import { unsubscribe } from './end-subscription.ts';
import { grantSubscription } from './grant-subscription.ts';
import { subscriberList, listSubscribers } from './list-subscribers.ts';
import { subscriptionList, listSubscriptions, type Span } from './list-subscriptions.ts';
import {
  presentActiveSubscribers,
  presentProfiles,
  presentSubscriber,
  presentSubscribers,
} from './present-subscription.ts';
import { subscriptionProblems } from './problems.ts';
import {
  ActiveSubscriberPage,
  ForceQuerystring,
  GrantBody,
  PlanParams,
  ProfilePage,
  ProfileParams,
  RequestKeyParams,
  SubscriberPage,
  SubscriberParams,
  SubscriberSchema,
  SubscriptionBody,
} from './schemas.ts';
import { findSubscription } from './subscription-store.ts';

interface OperationTexts {
  summary: string;
  description: string;
}

const managing = { kind: 'direct' } as const;
const tags = ['subscriptions'];
const ofPlan = '/api/profile/:profile/plans/:plan/subscriptions';
const ofProvider = '/api/profile/:profile/subscribers';

/** Who is subscribed to a provider's plans, as the provider sees it. */
export function subscriberRoutes(app: App, throttle: Throttle): void {
  activeRoute(app, ofPlan, {
    summary: 'Lists plan active subscriptions',
    description: 'Lists the subscriptions to a plan that run now.',
  });
  spanRoute(app, `${ofPlan}/all`, 'all', {
    summary: 'Lists plan subscriptions',
    description: 'Lists all subscriptions to a plan, ended ones included.',
  });
  spanRoute(app, `${ofPlan}/churned`, 'ended', {
    summary: 'Lists plan churned subscriptions',
    description: 'Lists the subscriptions to a plan that ended in a range of dates.',
  });
  activeRoute(app, `${ofProvider}/subscriptions`, {
    summary: 'Lists provider active subscriptions',
    description: 'Lists the subscriptions to all plans of a provider that run now.',
  });
  spanRoute(app, `${ofProvider}/subscriptions/all`, 'all', {
    summary: 'Lists provider subscriptions',
    description: 'Lists the subscriptions to all plans of a provider, ended ones included.',
  });
  spanRoute(app, `${ofProvider}/subscriptions/churned`, 'ended', {
    summary: 'Lists provider churned subscriptions',
    description: 'Lists the subscriptions to the plans of a provider that ended in a range of dates.',
  });
  profilesRoute(app, ofProvider, 'active', {
    summary: 'Lists active subscribers',
    description: 'Lists the profiles that subscribe to a plan of a provider now.',
  });
  profilesRoute(app, `${ofProvider}/all`, 'all', {
    summary: 'Lists subscribers',
    description: 'Lists the profiles that subscribe, or subscribed, to a plan of a provider.',
  });
  engagementRoutes(app);
  grantRoute(app, throttle);
  oneRoutes(app);
  acceptRoute(app);
}

const MaybePlanParams = Type.Object({ ...ProfileParams.properties, plan: Type.Optional(PlanParams.properties.plan) });

function activeRoute(app: App, url: string, texts: OperationTexts): void {
  app.get(
    url,
    {
      config: { access: managing, problems: [subscriptionProblems.plan_not_provided] },
      schema: {
        tags,
        ...texts,
        params: MaybePlanParams,
        querystring: listQuerystring(subscriptionList),
        response: { 200: ActiveSubscriberPage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const { default_timezone } = await getProfileOf(ctx, subject);
      const page = await listSubscriptions(
        ctx.db,
        { plan_ids: await planIds(ctx, subject, request.params.plan) },
        { span: 'active', at: ctx.clock.now() },
        request.list(default_timezone),
        request.listUrl,
      );
      return { ...page, results: await presentActiveSubscribers(ctx, page.results) };
    },
  );
}

function spanRoute(app: App, url: string, span: Span, texts: OperationTexts): void {
  app.get(
    url,
    {
      config: { access: managing, problems: [subscriptionProblems.plan_not_provided] },
      schema: {
        tags,
        ...texts,
        params: MaybePlanParams,
        querystring: listQuerystring(subscriptionList),
        response: { 200: SubscriberPage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const { default_timezone } = await getProfileOf(ctx, subject);
      const page = await listSubscriptions(
        ctx.db,
        { plan_ids: await planIds(ctx, subject, request.params.plan) },
        { span, at: ctx.clock.now() },
        request.list(default_timezone),
        request.listUrl,
      );
      return { ...page, results: await presentSubscribers(ctx, page.results) };
    },
  );
}

function profilesRoute(app: App, url: string, span: 'active' | 'all', texts: OperationTexts): void {
  app.get(
    url,
    {
      config: { access: managing },
      schema: {
        tags,
        ...texts,
        params: ProfileParams,
        querystring: listQuerystring(subscriberList),
        response: { 200: ProfilePage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const { default_timezone } = await getProfileOf(ctx, subject);
      const at = ctx.clock.now();
      const page = await listSubscribers(
        ctx.db,
        { plan_ids: await planIds(ctx, subject, undefined), span, at },
        endListAt(request.list(default_timezone), at),
        request.listUrl,
      );
      return { ...page, results: await presentProfiles(ctx, page.results) };
    },
  );
}

function grantRoute(app: App, throttle: Throttle): void {
  app.post(
    ofPlan,
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
          "Grants a subscription to a profile, or to a person by e-mail address. It waits for the subscriber to accept unless the subscriber's manager is the caller or the plan asks for no consent.",
        params: PlanParams,
        querystring: ForceQuerystring,
        body: GrantBody,
        response: { 200: SubscriberSchema, 201: SubscriberSchema },
      },
    },
    async (request, reply) => {
      const { ctx, subject, params, query } = request;
      await countInvitation(ctx, throttle);
      const target = { provider_id: profileOf(subject), plan: params.plan };
      const force = isForced(query.force);
      const { subscription, is_new } = await grantSubscription(ctx, target, request.body, { force });
      return reply.status(is_new ? 201 : 200).send(await presentSubscriber(ctx, subscription));
    },
  );
}

function oneRoutes(app: App): void {
  const url = `${ofPlan}/:subscriber`;
  app.get(
    url,
    {
      config: {
        access: managing,
        problems: [subscriptionProblems.plan_not_provided, subscriptionProblems.subscription_unknown],
      },
      schema: {
        tags,
        summary: 'Retrieves a plan subscription',
        description: 'Returns the subscription of one profile to a plan of the provider.',
        params: SubscriberParams,
        response: { 200: SubscriberSchema },
      },
    },
    async (request) => {
      const { ctx, params } = request;
      const plan = await getPlanOf(ctx, request.subject, params.plan);
      const subscriber = await getSubscriber(ctx, params.subscriber);
      const subscription = await findSubscription(ctx.db, subscriber.id, plan.id, ctx.clock.now());
      if (!subscription) throw subscriptionProblems.subscription_unknown();
      return presentSubscriber(ctx, subscription);
    },
  );

  putAndPatch(
    app,
    url,
    {
      config: {
        access: managing,
        problems: [subscriptionProblems.subscription_unknown, subscriptionProblems.subscription_overlaps],
      },
      schema: {
        tags,
        summary: 'Updates a plan subscription',
        description: 'Changes the end or the description of a subscription. A provider may extend it without payment.',
        params: SubscriberParams,
        body: SubscriptionBody,
        response: { 200: SubscriberSchema },
      },
    },
    async (request) => {
      const { ctx, params } = request;
      const provider = await getProfileOf(ctx, request.subject);
      const subscriber = await getSubscriber(ctx, params.subscriber);
      const target = { profile_id: subscriber.id, plan: params.plan, provider_id: provider.id };
      const { subscription } = await changeSubscription(ctx, target, request.body, provider.default_timezone);
      return presentSubscriber(ctx, subscription);
    },
  );

  app.delete(
    url,
    {
      config: {
        access: managing,
        problems: [subscriptionProblems.plan_not_provided, subscriptionProblems.subscription_unknown],
      },
      schema: {
        tags,
        summary: 'Cancels subscription',
        description: 'Ends the subscription of one profile to a plan of the provider now. Nothing is refunded.',
        params: SubscriberParams,
      },
    },
    async (request, reply) => {
      const { ctx, params } = request;
      const plan = await getPlanOf(ctx, request.subject, params.plan);
      const subscriber = await getSubscriber(ctx, params.subscriber);
      await unsubscribe(ctx, { profile_id: subscriber.id, plan: plan.slug });
      return reply.status(204).send();
    },
  );
}

function acceptRoute(app: App): void {
  const url = `${ofProvider}/accept/:request_key`;
  const config = { access: managing, problems: [subscriptionProblems.subscription_key_unknown] };
  const schema = {
    tags,
    summary: 'Grants a subscription request',
    description: 'Accepts the request of a profile for a subscription. The key works once.',
    params: RequestKeyParams,
  };
  app.post(url, { config, schema: { ...schema, response: { 201: SubscriberSchema } } }, async (request, reply) => {
    const { ctx } = request;
    const { subscription } = await acceptRequest(ctx, profileOf(request.subject), request.params.request_key);
    return reply.status(201).send(await presentSubscriber(ctx, subscription));
  });
  // The method of 2019.
  putAndPatch(
    app,
    url,
    { config, schema: { ...schema, hide: true, response: { 200: SubscriberSchema } } },
    async ({ ctx, subject, params }) => {
      const { subscription } = await acceptRequest(ctx, profileOf(subject), params.request_key);
      return presentSubscriber(ctx, subscription);
    },
  );
}
