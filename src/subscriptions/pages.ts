import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanBySlug, findPlansByIds, planSummary, type Plan } from '#catalog';
import { presentProfileSummary, type Profile, findProfileSummaries, type ProfileSummary } from '#profiles';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { listQuerystring } from '#platform/http/schemas';
import type { ProfileId } from '#platform/db/db-schema';
import { acceptGrant, acceptRequest, getOffer, getRequest, type Pending } from './accept-subscription.ts';
import { callerOf, getProfileOf, profileOf, readReach } from './caller.ts';
import { unsubscribe } from './end-subscription.ts';
import { subscriptionList, listSubscriptions } from './list-subscriptions.ts';
import { mayAcceptGrant, mayChange } from './policy.ts';
import { subscriptionProblems } from './problems.ts';
import type { Reach } from './reach.ts';
import { findSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

const SOON_DAYS = 5;
const providing = { kind: 'provider', frictionless: true } as const;
const managing = { kind: 'direct' } as const;
const slug = Type.String({ minLength: 1, maxLength: 150 });
const PageParams = Type.Object({ profile: slug });
const KeyParams = Type.Object({ profile: slug, key: Type.String({ maxLength: 100 }) });
const PageQuery = Type.Object({
  ...listQuerystring(subscriptionList).properties,
  expired: Type.Optional(Type.String({ maxLength: 5 })),
});

export function subscriptionsPages(app: App): void {
  listPage(app);
  acceptGrantPage(app);
  acceptRequestPage(app);
}

/** What a profile is subscribed to, and what it can do about it: accept, decline, renew or not, end. */
function listPage(app: App): void {
  const url = '/profile/:profile/subscriptions/';
  const options = {
    config: { access: providing, page: true },
    schema: { hide: true, params: PageParams, querystring: PageQuery },
  } as const;
  app.get(url, options, async (request, reply) => showList(request, reply));
  app.post(url, options, async (request, reply) => {
    try {
      reply.flash('success', await act(request));
    } catch (error) {
      const problem = problemToForm(error);
      return showList(request, reply, { errors: problem.errors, detail: problem.detail }, problem.status);
    }
    return reply.redirect(paths.subscriptions((await getProfileOf(request.ctx, request.subject)).slug), 303);
  });
}

async function showList(
  request: FastifyRequest,
  reply: FastifyReply,
  extra: Record<string, unknown> = {},
  status = 200,
): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const at = ctx.clock.now();
  const profile = await getProfileOf(ctx, subject);
  const { reach, provider_ids } = await readReach(ctx, subject);
  const is_expired = request.method !== 'POST' && request.listUrl.searchParams.get('expired') === '1';
  const page = await listSubscriptions(
    ctx.db,
    { profile_id: profile.id, ...provider_ids },
    { span: is_expired ? 'ended' : 'active', at },
    request.list(profile.default_timezone),
    request.listUrl,
  );
  const plans = await findPlansByIds(
    ctx.db,
    page.results.map(({ plan_id }) => plan_id),
  );
  const summaries = await findProfileSummaries(ctx.db, [
    profile.id,
    ...[...plans.values()].map((plan) => plan.profile_id),
  ]);
  const view = (subscription: Subscription) => {
    const plan = plans.get(subscription.plan_id);
    return plan ? [viewSubscription(subscription, plan, { slug: profile.slug, summaries, reach, at })] : [];
  };
  const list_path = paths.subscriptions(profile.slug);
  return reply.page(
    'saas/profile/subscriptions.html',
    {
      profile: viewProfile(summaries, profile.id),
      expired: is_expired,
      tabs: { active_url: list_path, expired_url: `${list_path}?expired=1` },
      subscriptions: { ...page, results: page.results.flatMap(view) },
      ...extra,
    },
    status,
  );
}

interface ViewFacts {
  slug: string;
  summaries: ReadonlyMap<ProfileId, ProfileSummary>;
  reach: Reach;
  at: Date;
}

function viewSubscription(subscription: Subscription, plan: Plan, facts: ViewFacts): Record<string, unknown> {
  const { reach, at } = facts;
  const { grant_key, request_key, ends_at, auto_renew } = subscription;
  const left_ms = ends_at.getTime() - at.getTime();
  const is_pending = grant_key !== null || request_key !== null;
  return {
    plan: planSummary(plan),
    provider: viewProfile(facts.summaries, plan.profile_id),
    created_at: subscription.created_at,
    ends_at,
    auto_renew,
    ends_soon: left_ms <= SOON_DAYS * 86_400_000,
    app_url: is_pending ? null : paths.app(facts.slug, `${encodeURIComponent(plan.slug)}/`),
    grant_key,
    request_key,
    may_edit: mayChange(reach, subscription, plan),
    may_accept: grant_key !== null && mayAcceptGrant(reach, subscription),
  };
}

function viewProfile(summaries: ReadonlyMap<ProfileId, ProfileSummary>, id: ProfileId): Record<string, unknown> {
  const summary = summaries.get(id);
  return summary ? presentProfileSummary(summary) : {};
}

/** Does what a button says and answers the words for it. */
async function act(request: FastifyRequest): Promise<string> {
  const { ctx, subject, body } = request;
  const profile_id = profileOf(subject);
  const plan = textField(body, 'plan', 50);
  switch (textField(body, 'action', 20)) {
    case 'accept':
      await acceptGrant(ctx, profile_id, await grantKeyOf(request, profile_id, plan));
      return 'The subscription is yours.';
    case 'deny':
      await unsubscribe(ctx, { profile_id, plan });
      return 'The subscription was declined.';
    case 'unsubscribe':
      await unsubscribe(ctx, { profile_id, plan });
      return 'The subscription has ended.';
    default:
      throw subscriptionProblems.subscription_unknown();
  }
}

async function grantKeyOf({ ctx }: FastifyRequest, profile_id: ProfileId, slug_of_plan: string): Promise<string> {
  const plan = await findPlanBySlug(ctx.db, slug_of_plan);
  const pending = plan && (await findSubscription(ctx.db, profile_id, plan.id, ctx.clock.now()));
  if (!pending || pending.grant_key === null) throw subscriptionProblems.subscription_key_unknown();
  return pending.grant_key;
}

/** Where the mail about an offered subscription leads: looking changes nothing, the button accepts. */
function acceptGrantPage(app: App): void {
  const url = '/profile/:profile/subscriptions/accept/:key/';
  const options = {
    config: {
      // The offer says who may see it: the user invited to manage the profile has no role on it yet.
      access: { kind: 'active' },
      page: true,
      problems: [subscriptionProblems.subscription_key_unknown],
    },
    schema: { hide: true, params: KeyParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { profile, ...pending } = await getOffer(request.ctx, callerOf(request.ctx), request.params.key);
    return showPending(request, reply, pending, { profile, other_id: pending.plan.profile_id });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { profile } = await getOffer(ctx, callerOf(ctx), request.params.key);
    try {
      const { plan } = await acceptGrant(ctx, profile.id, request.params.key);
      reply.flash('success', `You are subscribed to ${plan.title}.`);
    } catch (error) {
      const { detail, location } = problemToForm(error);
      reply.flash('error', detail);
      if (location !== null) return reply.redirect(withNext(location, request.url), 303);
    }
    return reply.redirect(paths.subscriptions(profile.slug), 303);
  });
}

/** The same for a provider whose plan somebody asked for. */
function acceptRequestPage(app: App): void {
  const url = '/profile/:profile/subscribers/accept/:key/';
  const options = { config: { access: managing, page: true }, schema: { hide: true, params: KeyParams } } as const;
  app.get(url, options, async (request, reply) => {
    const pending = await getRequest(request.ctx, profileOf(request.subject), request.params.key);
    const profile = await getProfileOf(request.ctx, request.subject);
    return showPending(request, reply, pending, {
      profile,
      other_id: pending.subscription.profile_id,
      is_request: true,
    });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const provider = await getProfileOf(ctx, request.subject);
    try {
      const { plan } = await acceptRequest(ctx, provider.id, request.params.key);
      reply.flash('success', `There is a new subscriber to ${plan.title}.`);
    } catch (error) {
      reply.flash('error', problemToForm(error).detail);
    }
    return reply.redirect(paths.profile(provider.slug), 303);
  });
}

async function showPending(
  request: FastifyRequest,
  reply: FastifyReply,
  { subscription, plan }: Pending,
  { profile, other_id, ...extra }: { profile: Profile; other_id: ProfileId; is_request?: true },
): Promise<FastifyReply> {
  const { ctx } = request;
  const summaries = await findProfileSummaries(ctx.db, [profile.id, other_id]);
  return reply.page('saas/profile/subscription_accept.html', {
    profile: viewProfile(summaries, profile.id),
    other: viewProfile(summaries, other_id),
    plan: planSummary(plan),
    subscription: { created_at: subscription.created_at, ends_at: subscription.ends_at },
    cancel_url: extra.is_request ? paths.profile(profile.slug) : paths.subscriptions(profile.slug),
    ...extra,
  });
}
