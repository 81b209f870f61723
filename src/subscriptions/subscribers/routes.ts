import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { selectPlanIds } from '#catalog';
import { requireRange } from '#kernel/list-range';
import { endListAt, type ListQuery, type Page } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { listQuerystring, PageOf } from '#platform/http/schemas';
import { listMembersSeen, memberSeenList, MemberSeenSchema, presentMembersSeen } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import {
  listSubscriptions,
  presentSubscribers,
  type Span,
  type Subscription,
  subscriptionList,
} from '../records/index.ts';
import { getSubjectId, getSubjectProfile, requireSubjectPlan } from '../route-subject.ts';
import { type OperationTexts, PlanParams, ProfileParams, SubscriberPage } from '../schemas.ts';
import { presentActiveSubscribers, presentProfiles } from './present-subscriber.ts';
import { ActiveSubscriberPage, ProfilePage } from './schemas.ts';
import { parseSeenPeriod } from './seen-period.ts';
import { listSubscribers, listUnengaged, selectActiveSubscribers, subscriberList } from './subscriber-store.ts';

const managing = { kind: 'direct' } as const;
const tags = ['subscriptions'];
const ofPlan = '/api/profile/:profile/plans/:plan/subscriptions';
const ofProvider = '/api/profile/:profile/subscribers';
/** Default period of `engaged`, which ends now. */
const ENGAGED_DAYS = 7;
/** Default period of `unengaged`, which ends now. */
const INACTIVITY_DAYS = 90;

/** The subscriptions to a provider's plans and their subscribers, for the provider. */
export function subscriberRoutes(app: App): void {
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
  // The names of 2019 of the two lists above.
  activeRoute(app, '/api/metrics/:profile/active', {
    summary: 'Lists provider active subscriptions, as in the API of 2019',
    description: 'Lists the subscriptions to all plans of a provider that run now.',
  });
  spanRoute(app, '/api/metrics/:profile/churned', 'ended', {
    summary: 'Lists provider churned subscriptions, as in the API of 2019',
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
  engagedRoute(app);
  unengagedRoute(app);
}

/**
 * Lists the subscriptions to the plan in the path, or to all plans of the provider when the path has none.
 * @throws plan_not_provided (404)
 */
async function listForProvider(
  request: FastifyRequest,
  slug: string | undefined,
  span: Span,
): Promise<Page<Subscription>> {
  const { ctx, subject, listUrl } = request;
  const list = await parseSubjectList(request);
  if (request.url.startsWith('/api/metrics/')) requireRange(list, listUrl.searchParams.get('timezone') ?? undefined);
  const at = ctx.clock.now();
  const [, page] = await mergeReads(ctx.db, [
    (together) => requireSubjectPlan(together, subject, slug),
    (together) => {
      const plans = selectPlanIds(together, getSubjectId(subject), slug);
      return listSubscriptions(together, { plans }, { span, at }, list, listUrl);
    },
  ]);
  return page;
}

/** Reads the list parameters; bounds without a time zone are in that of the profile in the path. */
async function parseSubjectList(request: FastifyRequest): Promise<ListQuery> {
  return request.listIn(async () => (await getSubjectProfile(request.ctx, request.subject)).default_timezone);
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
      const page = await listForProvider(request, request.params.plan, 'active');
      return { ...page, results: await presentActiveSubscribers(request.ctx, page.results) };
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
      const page = await listForProvider(request, request.params.plan, span);
      return { ...page, results: await presentSubscribers(request.ctx, page.results) };
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
      const at = ctx.clock.now();
      const list = endListAt(await parseSubjectList(request), at);
      const filter = { provider_id: getSubjectId(subject), span, at };
      const page = await listSubscribers(ctx.db, filter, list, request.listUrl);
      return { ...page, results: await presentProfiles(ctx, page.results) };
    },
  );
}

/** Engagement is measured by the sign-ins of the members of a subscriber. */
function engagedRoute(app: App): void {
  app.get(
    `${ofProvider}/engaged`,
    {
      config: { access: managing },
      schema: {
        tags,
        summary: 'Lists engaged subscribers',
        description: 'Lists the subscribers who used the application in a range of dates.',
        params: ProfileParams,
        querystring: listQuerystring(memberSeenList),
        response: { 200: PageOf(MemberSeenSchema) },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const at = ctx.clock.now();
      const list = await parseSubjectList(request);
      const provider_id = getSubjectId(subject);
      const seen = parseSeenPeriod(list, at, ENGAGED_DAYS);
      const profiles = selectActiveSubscribers(ctx.db, provider_id, at);
      const page = await listMembersSeen(ctx.db, { profiles, seen }, list, request.listUrl);
      return { ...page, results: await presentMembersSeen(ctx, page.results, subject) };
    },
  );
}

function unengagedRoute(app: App): void {
  app.get(
    `${ofProvider}/unengaged`,
    {
      config: { access: managing },
      schema: {
        tags,
        summary: 'Lists inactive subscribers',
        description: 'Lists the subscribers who did not use the application in a range of dates.',
        params: ProfileParams,
        querystring: listQuerystring(subscriberList),
        response: { 200: ProfilePage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const at = ctx.clock.now();
      const list = await parseSubjectList(request);
      const provider_id = getSubjectId(subject);
      const seen = parseSeenPeriod(list, at, INACTIVITY_DAYS);
      const page = await listUnengaged(ctx.db, { provider_id, at, seen }, list, request.listUrl);
      return { ...page, results: await presentProfiles(ctx, page.results) };
    },
  );
}
