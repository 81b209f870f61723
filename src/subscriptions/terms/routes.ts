import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { sellersSeenBy } from '#platform/http/guards/access';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { mergeReads } from '#platform/db/merge-reads';
import { subscriptionProblems } from '../problems.ts';
import {
  listSubscriptions,
  presentSubscriber,
  presentSubscription,
  presentSubscriptions,
  presentToProvider,
  presentToSubscriber,
  readSubscribedPlan,
  readSubscriber,
  type Span,
  subscriptionList,
} from '../records/index.ts';
import { findManagedProfiles, toManagedProfiles } from '../managed-profiles.ts';
import {
  getCallerId,
  getSubjectId,
  getSubjectPlan,
  getSubjectProfile,
  getSubscriber,
  loadCallerScope,
  seenBy,
} from '../route-subject.ts';
import {
  type OperationTexts,
  ProfileParams,
  SubscribedPlanParams,
  SubscriberBody,
  SubscriberParams,
  SubscriberSchema,
  SubscriptionBody,
  SubscriptionPage,
  SubscriptionSchema,
} from '../schemas.ts';
import type { SubscriptionEnding } from '../request-ending.ts';
import { changeSubscription } from './change-subscription.ts';
import { unsubscribeProfile } from './end-subscription.ts';

const managing = { kind: 'direct' } as const;
const providing = { kind: 'provider', frictionless: true } as const;
const tags = ['subscriptions'];

/**
 * The subscriptions of a profile, for the subscriber and its providers, and one subscription for the provider of its
 * plan.
 */
export function subscriptionRoutes(app: App, { endings }: { endings: SubscriptionEnding }): void {
  subscriptionListRoute(app, '/api/profile/:profile/subscriptions', 'active', {
    summary: 'Lists present subscriptions',
    description: 'Lists the subscriptions of a profile that run now.',
  });
  subscriptionListRoute(app, '/api/profile/:profile/subscriptions/expired', 'ended', {
    summary: 'Lists expired subscriptions',
    description: 'Lists the subscriptions of a profile that have ended.',
  });
  subscribedPlanRoutes(app, endings);
  subscriberRoutes(app, endings);
}

function subscriptionListRoute(app: App, url: string, span: Span, texts: OperationTexts): void {
  app.get(
    url,
    {
      config: { access: providing },
      schema: {
        tags,
        ...texts,
        params: ProfileParams,
        querystring: listQuerystring(subscriptionList),
        response: { 200: SubscriptionPage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const list = await request.listIn(async () => (await getSubjectProfile(ctx, subject)).default_timezone);
      const party = { profile_id: getSubjectId(subject), ...seenBy(subject) };
      const at = ctx.clock.now();
      const [managed, page] = await mergeReads(ctx.db, [
        (together) => findManagedProfiles(together, ctx),
        (together) => listSubscriptions(together, party, { span, at }, list, request.listUrl),
      ]);
      return { ...page, results: await presentSubscriptions(ctx, page.results, managed) };
    },
  );
}

/** The subscription of a profile to one plan. */
// long: the operations of one URL
function subscribedPlanRoutes(app: App, endings: SubscriptionEnding): void {
  const url = '/api/profile/:profile/subscriptions/:subscribed_plan';
  app.get(
    url,
    {
      config: { access: providing, problems: [subscriptionProblems.subscription_unknown] },
      schema: {
        tags,
        summary: 'Retrieves a subscriber subscription',
        description: 'Returns the subscription of a profile to a plan.',
        params: SubscribedPlanParams,
        response: { 200: SubscriptionSchema },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const target = {
        profile_id: getSubjectId(subject),
        plan: request.params.subscribed_plan,
        caller_id: getCallerId(ctx),
      };
      const { subscription, plan, subscriber, held } = await readSubscribedPlan(ctx.db, target, ctx.clock.now());
      const isHidden = plan && sellersSeenBy(subject)?.includes(plan.profile_id) === false;
      if (!subscription || !plan || !subscriber || isHidden) throw subscriptionProblems.subscription_unknown();
      return presentToSubscriber(ctx, { subscription, plan, subscriber }, toManagedProfiles(held, ctx));
    },
  );

  putAndPatch(
    app,
    url,
    {
      config: {
        access: providing,
        problems: [
          subscriptionProblems.subscription_unknown,
          subscriptionProblems.subscription_protected,
          subscriptionProblems.subscription_overlaps,
        ],
      },
      schema: {
        tags,
        summary: 'Unsubscribes at a future date',
        description:
          'Sets the end of a subscription. A subscriber may only shorten it; the paid period is not refunded. An earlier end stops the renewal.',
        params: SubscribedPlanParams,
        body: SubscriptionBody,
        response: { 200: SubscriptionSchema },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const profile = await getSubjectProfile(ctx, subject);
      const target = { profile_id: profile.id, plan: request.params.subscribed_plan };
      const { subscription } = await changeSubscription(ctx, target, request.body, profile.default_timezone);
      const { managed } = await loadCallerScope(ctx, subject);
      return presentSubscription(ctx, subscription, managed);
    },
  );

  app.delete(
    url,
    {
      config: { access: providing, problems: [subscriptionProblems.subscription_protected, ...endings.problems] },
      schema: {
        tags,
        summary: 'Unsubscribes now',
        description:
          'Ends a subscription of a profile now. Nothing is refunded. A request that the provider has not accepted is refunded in full.',
        params: SubscribedPlanParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const target = { profile_id: getSubjectId(request.subject), plan: request.params.subscribed_plan };
      await unsubscribeProfile(request.ctx, target, endings);
      return reply.status(204).send(null);
    },
  );
}

/** One subscription to a plan, for the provider of the plan. */
// long: the operations of one URL
function subscriberRoutes(app: App, endings: SubscriptionEnding): void {
  const url = '/api/profile/:profile/plans/:plan/subscriptions/:subscriber';
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
      const target = { provider_id: getSubjectId(request.subject), ...params };
      const view = await readSubscriber(ctx.db, target, ctx.clock.now());
      const { subscription, plan, subscriber } = view;
      if (!plan) throw subscriptionProblems.plan_not_provided();
      if (!subscription || !subscriber) throw subscriptionProblems.subscription_unknown();
      return presentToProvider(ctx, { subscription, plan, subscriber }, view.provider_slug);
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
        description:
          'Changes the end or the description of a subscription. A provider may extend it, or its trial, without payment.',
        params: SubscriberParams,
        body: SubscriberBody,
        response: { 200: SubscriberSchema },
      },
    },
    async (request) => {
      const { ctx, params, body } = request;
      if (request.method === 'PUT' && body.ends_at === undefined && body.trial_ends_at === undefined)
        throw invalidInput({ ends_at: ['This field is required.'] });
      const provider = await getSubjectProfile(ctx, request.subject);
      const subscriber = await getSubscriber(ctx, params.subscriber);
      const target = { profile_id: subscriber.id, plan: params.plan, provider_id: provider.id };
      const { subscription } = await changeSubscription(ctx, target, body, provider.default_timezone);
      return presentSubscriber(ctx, subscription);
    },
  );

  app.delete(
    url,
    {
      config: {
        access: managing,
        problems: [
          subscriptionProblems.plan_not_provided,
          subscriptionProblems.subscription_unknown,
          ...endings.problems,
        ],
      },
      schema: {
        tags,
        summary: 'Cancels subscription',
        description:
          'Ends the subscription of one profile to a plan of the provider now. Nothing is refunded. Declines a request that was not accepted: what was paid for it is refunded, what is due is taken back.',
        params: SubscriberParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { ctx, params } = request;
      const plan = await getSubjectPlan(ctx, request.subject, params.plan);
      const subscriber = await getSubscriber(ctx, params.subscriber);
      await unsubscribeProfile(ctx, { profile_id: subscriber.id, plan: plan.slug }, endings);
      return reply.status(204).send(null);
    },
  );
}
