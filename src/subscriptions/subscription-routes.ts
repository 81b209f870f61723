import { findPlanBySlug } from '#catalog';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { getProfileOf, profileOf, readReach } from './caller.ts';
import { changeSubscription } from './change-subscription.ts';
import { unsubscribe } from './end-subscription.ts';
import { subscriptionList, listSubscriptions, type Span } from './list-subscriptions.ts';
import { presentSubscription, presentSubscriptions } from './present-subscription.ts';
import { subscriptionProblems } from './problems.ts';
import {
  ProfileParams,
  SubscribedPlanParams,
  SubscriptionBody,
  SubscriptionPage,
  SubscriptionSchema,
} from './schemas.ts';
import { findSubscription } from './subscription-store.ts';

interface OperationTexts {
  summary: string;
  description: string;
}

const providing = { kind: 'provider', frictionless: true } as const;
const tags = ['subscriptions'];

/** What a profile is subscribed to, as the subscriber and its providers see it. */
export function subscriptionRoutes(app: App): void {
  listRoute(app, '/api/profile/:profile/subscriptions', 'active', {
    summary: 'Lists present subscriptions',
    description: 'Lists the subscriptions of a profile that run now.',
  });
  listRoute(app, '/api/profile/:profile/subscriptions/expired', 'ended', {
    summary: 'Lists expired subscriptions',
    description: 'Lists the subscriptions of a profile that have ended.',
  });
  oneRoutes(app);
}

function listRoute(app: App, url: string, span: Span, texts: OperationTexts): void {
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
      const profile = await getProfileOf(ctx, subject);
      const { reach, provider_ids } = await readReach(ctx, subject);
      const page = await listSubscriptions(
        ctx.db,
        { profile_id: profile.id, ...provider_ids },
        { span, at: ctx.clock.now() },
        request.list(profile.default_timezone),
        request.listUrl,
      );
      return { ...page, results: await presentSubscriptions(ctx, page.results, reach) };
    },
  );
}

function oneRoutes(app: App): void {
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
      const { reach, provider_ids } = await readReach(ctx, subject);
      const plan = await findPlanBySlug(ctx.db, request.params.subscribed_plan);
      const isHidden = plan && provider_ids.provider_ids?.includes(plan.profile_id) === false;
      const subscription =
        plan && !isHidden && (await findSubscription(ctx.db, profileOf(subject), plan.id, ctx.clock.now()));
      if (!subscription) throw subscriptionProblems.subscription_unknown();
      return presentSubscription(ctx, subscription, reach);
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
          'Sets the end of a subscription. A subscriber may only shorten it; the paid period is not refunded.',
        params: SubscribedPlanParams,
        body: SubscriptionBody,
        response: { 200: SubscriptionSchema },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const profile = await getProfileOf(ctx, subject);
      const target = { profile_id: profile.id, plan: request.params.subscribed_plan };
      const { subscription } = await changeSubscription(ctx, target, request.body, profile.default_timezone);
      const { reach } = await readReach(ctx, subject);
      return presentSubscription(ctx, subscription, reach);
    },
  );

  app.delete(
    url,
    {
      config: { access: providing, problems: [subscriptionProblems.subscription_protected] },
      schema: {
        tags,
        summary: 'Unsubscribes now',
        description: 'Ends a subscription of a profile now. Nothing is refunded.',
        params: SubscribedPlanParams,
      },
    },
    async (request, reply) => {
      const target = { profile_id: profileOf(request.subject), plan: request.params.subscribed_plan };
      await unsubscribe(request.ctx, target);
      return reply.status(204).send();
    },
  );
}
