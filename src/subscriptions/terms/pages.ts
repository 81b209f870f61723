import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanBySlug, findPlansByIds, planSummary, type Plan } from '#catalog';
import { findProfileSummaries, type ProfileSummary } from '#profiles';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { listQuerystring } from '#platform/http/schemas';
import type { ProfileId } from '#platform/db/db-schema';
import { acceptGrant } from '../invitations/index.ts';
import type { ManagedProfiles } from '../managed-profiles.ts';
import { viewProfile } from '../page-schemas.ts';
import { mayAcceptGrant, mayChange } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import { findSubscription, listSubscriptions, type Subscription, subscriptionList } from '../records/index.ts';
import type { SubscriptionEnding } from '../request-ending.ts';
import { getSubjectId, getSubjectProfile, loadCallerScope } from '../route-subject.ts';
import { ProfileParams } from '../schemas.ts';
import { unsubscribeProfile } from './end-subscription.ts';
import { subscriptionListPage, type SubscriptionView } from './page-types.ts';

const DAY_MS = 86_400_000;
/** Days before the end in which a subscription is marked as ending soon. */
const SOON_DAYS = 5;
const PageQuery = Type.Object({
  ...listQuerystring(subscriptionList).properties,
  expired: Type.Optional(Type.String({ maxLength: 5 })),
});

/** The subscriptions of a profile, with buttons to accept or decline a grant and to end a subscription. */
export function subscriptionListPages(app: App, { endings }: { endings: SubscriptionEnding }): void {
  const url = '/profile/:profile/subscriptions/';
  const options = {
    config: { access: { kind: 'provider', frictionless: true }, page: true },
    schema: { hide: true, params: ProfileParams, querystring: PageQuery },
  } as const;
  app.get(url, options, async (request, reply) => showList(request, reply));
  app.post(url, options, async (request, reply) => {
    try {
      reply.flash('success', await runAction(request, endings));
    } catch (error) {
      return showList(request, reply, problemToForm(error));
    }
    return reply.redirect(paths.subscriptions((await getSubjectProfile(request.ctx, request.subject)).slug), 303);
  });
}

async function showList(request: FastifyRequest, reply: FastifyReply, problem?: FormProblem): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const at = ctx.clock.now();
  const profile = await getSubjectProfile(ctx, subject);
  const { managed, seen } = await loadCallerScope(ctx, subject);
  const expired = request.method !== 'POST' && request.listUrl.searchParams.get('expired') === '1';
  const page = await listSubscriptions(
    ctx.db,
    { profile_id: profile.id, ...seen },
    { span: expired ? 'ended' : 'active', at },
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
    return plan ? [viewSubscription(subscription, plan, { slug: profile.slug, summaries, managed, at })] : [];
  };
  const list_path = paths.subscriptions(profile.slug);
  return reply.page(
    subscriptionListPage,
    {
      profile: viewProfile(summaries, profile.id),
      expired,
      tabs: { active_url: list_path, expired_url: `${list_path}?expired=1` },
      subscriptions: { ...page, results: page.results.flatMap(view) },
      ...(problem ? { errors: problem.errors, detail: problem.detail } : {}),
    },
    problem?.status ?? 200,
  );
}

interface ViewFacts {
  /** Slug of the subscriber. */
  slug: string;
  summaries: ReadonlyMap<ProfileId, ProfileSummary>;
  managed: ManagedProfiles;
  at: Date;
}

function viewSubscription(subscription: Subscription, plan: Plan, facts: ViewFacts): SubscriptionView {
  const { managed, at } = facts;
  const { grant_key, request_key, ends_at, auto_renew } = subscription;
  const left_ms = ends_at.getTime() - at.getTime();
  const is_waiting = grant_key !== null || request_key !== null;
  const may_edit = mayChange(managed, subscription, plan);
  return {
    plan: planSummary(plan),
    provider: viewProfile(facts.summaries, plan.profile_id),
    created_at: subscription.created_at,
    ends_at,
    auto_renew,
    ends_soon: left_ms <= SOON_DAYS * DAY_MS,
    app_url: is_waiting ? null : paths.app(facts.slug, `${encodeURIComponent(plan.slug)}/`),
    grant_key,
    request_key,
    may_edit,
    change_url: may_edit && !is_waiting && left_ms > 0 ? paths.changeSubscription(facts.slug, plan.slug) : null,
    may_accept: grant_key !== null && mayAcceptGrant(managed, subscription),
  };
}

/** Runs the posted action and returns the message for the reader. */
async function runAction(request: FastifyRequest, endings: SubscriptionEnding): Promise<string> {
  const { ctx, subject, body } = request;
  const profile_id = getSubjectId(subject);
  const plan = textField(body, 'plan', 50);
  switch (textField(body, 'action', 20)) {
    case 'accept':
      await acceptGrant(ctx, profile_id, await getGrantKey(request, profile_id, plan));
      return 'The subscription is yours.';
    case 'deny':
      await unsubscribeProfile(ctx, { profile_id, plan }, endings);
      return 'The subscription was declined.';
    case 'unsubscribe':
      return (await unsubscribeProfile(ctx, { profile_id, plan }, endings)) ?? 'The subscription has ended.';
    default:
      throw subscriptionProblems.subscription_unknown();
  }
}

/** @throws subscription_key_unknown (404) if no grant of the plan waits for the profile */
async function getGrantKey({ ctx }: FastifyRequest, profile_id: ProfileId, plan_slug: string): Promise<string> {
  const plan = await findPlanBySlug(ctx.db, plan_slug);
  const waiting = plan && (await findSubscription(ctx.db, profile_id, plan.id, ctx.clock.now()));
  if (!waiting || waiting.grant_key === null) throw subscriptionProblems.subscription_key_unknown();
  return waiting.grant_key;
}
