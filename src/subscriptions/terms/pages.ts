import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanBySlug, findPlansByIds, planSummary, type Plan } from '#catalog';
import { findProfileSummaries, type ProfileSummary } from '#profiles';
import type { ListQuery } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { listQuerystring } from '#platform/http/schemas';
import { readPages } from '#platform/lists/read-batches';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { sendCsv } from '#platform/pages/lists/send-csv';
import type { ProfileId } from '#platform/db/db-schema';
import { acceptGrant } from '../invitations/index.ts';
import type { ManagedProfiles } from '../managed-profiles.ts';
import { viewProfile } from '../page-schemas.ts';
import { mayAcceptGrant, mayChange, mayExtend } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import {
  findOpenPauses,
  findSubscription,
  listSubscriptions,
  type Pause,
  type Subscription,
  subscriptionList,
  type TermState,
  termState,
} from '../records/index.ts';
import type { SubscriptionEnding } from '../request-ending.ts';
import { getSubjectId, getSubjectProfile, loadCallerScope } from '../route-subject.ts';
import { ProfileParams } from '../schemas.ts';
import { unsubscribeProfile } from './end-subscription.ts';
import { subscriptionListPage, type SubscriptionView } from './page-types.ts';

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
  app.get(`${url}download/`, options, downloadList);
  app.post(url, options, async (request, reply) => {
    try {
      reply.flash('success', await runAction(request, endings));
    } catch (error) {
      return showList(request, reply, problemToForm(error));
    }
    return reply.redirect(paths.subscriptions((await getSubjectProfile(request.ctx, request.subject)).slug), 303);
  });
}

/** Returns the subscriptions of a profile that the caller sees: running ones, or with `expired=1` ended ones. */
async function askSubscriptions(request: FastifyRequest) {
  const { ctx, subject, listUrl } = request;
  const at = ctx.clock.now();
  const profile = await getSubjectProfile(ctx, subject);
  const { managed, seen } = await loadCallerScope(ctx, subject);
  const expired = request.method !== 'POST' && listUrl.searchParams.get('expired') === '1';
  const which = { profile_id: profile.id, ...seen };
  const read = async (list: ListQuery) =>
    listSubscriptions(ctx.db, which, { span: expired ? 'ended' : 'active', at }, list, listUrl);
  return { profile, managed, expired, list: request.list(profile.default_timezone), read, at };
}

async function downloadList(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { db } = request.ctx;
  const { profile, list, read, at } = await askSubscriptions(request);
  const readRows = async (asked: ListQuery) => {
    const page = await read(asked);
    const plans = await findPlansByIds(
      db,
      page.results.map(({ plan_id }) => plan_id),
    );
    const sellers = await findProfileSummaries(
      db,
      [...plans.values()].map(({ profile_id }) => profile_id),
    );
    const results = page.results.flatMap((subscription) => {
      const plan = plans.get(subscription.plan_id);
      const provider = plan && sellers.get(plan.profile_id);
      const state = termState(subscription, at);
      return plan ? [{ subscription, plan, state, provider: provider?.printable_name ?? '' }] : [];
    });
    return { ...page, results };
  };
  const timezone = profile.default_timezone;
  return sendCsv(reply, { name: 'subscriptions', columns, timezone, batches: readPages(list, readRows) });
}

interface DownloadedSubscription {
  subscription: Subscription;
  plan: Plan;
  provider: string;
  state: TermState;
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<DownloadedSubscription>[] = [
  { heading: 'Since', kind: 'day', value: ({ subscription }) => subscription.created_at },
  { heading: 'Until', kind: 'day', value: ({ subscription }) => subscription.ends_at },
  { heading: 'Plan', kind: 'text', value: ({ plan }) => plan.title },
  { heading: 'Provider', kind: 'text', value: ({ provider }) => provider },
  { heading: 'State', kind: 'text', value: ({ state }) => state },
  { heading: 'Renews', kind: 'text', value: ({ subscription }) => (subscription.auto_renew ? 'yes' : 'no') },
  { heading: 'Quantity', kind: 'number', value: ({ subscription }) => subscription.quantity },
];

async function showList(request: FastifyRequest, reply: FastifyReply, problem?: FormProblem): Promise<FastifyReply> {
  const { ctx } = request;
  const { profile, managed, expired, list, read, at } = await askSubscriptions(request);
  const page = await read(list);
  const [plans, pauses] = await mergeReads(ctx.db, [
    (reader) =>
      findPlansByIds(
        reader,
        page.results.map(({ plan_id }) => plan_id),
      ),
    (reader) =>
      findOpenPauses(
        reader,
        page.results.map(({ id }) => id),
      ),
  ]);
  const summaries = await findProfileSummaries(ctx.db, [
    profile.id,
    ...[...plans.values()].map((plan) => plan.profile_id),
  ]);
  const view = (subscription: Subscription) => {
    const plan = plans.get(subscription.plan_id);
    return plan ? [viewSubscription(subscription, plan, { slug: profile.slug, summaries, managed, pauses, at })] : [];
  };
  const list_path = paths.subscriptions(profile.slug);
  return reply.page(
    subscriptionListPage,
    {
      profile: viewProfile(summaries, profile.id),
      expired,
      tabs: { active_url: list_path, expired_url: `${list_path}?expired=1` },
      subscriptions: { ...page, results: page.results.flatMap(view) },
      csv_url: paths.subscriptionsDownload(profile.slug, request.listUrl.searchParams),
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
  pauses: Awaited<ReturnType<typeof findOpenPauses>>;
  at: Date;
}

function viewSubscription(subscription: Subscription, plan: Plan, facts: ViewFacts): SubscriptionView {
  const { managed, at } = facts;
  const { grant_key, request_key, ends_at, auto_renew, quantity, resumes_at } = subscription;
  const state = termState(subscription, at);
  const is_waiting = grant_key !== null || request_key !== null;
  const may_edit = mayChange(managed, subscription, plan);
  return {
    plan: planSummary(plan),
    provider: viewProfile(facts.summaries, plan.profile_id),
    created_at: subscription.created_at,
    ends_at,
    auto_renew,
    state,
    quantity,
    resumes_at: state === 'paused' ? resumes_at : null,
    planned_pause: viewPlannedPause(facts.pauses.get(subscription.id)),
    app_url: is_waiting ? null : paths.app(facts.slug, `${encodeURIComponent(plan.slug)}/`),
    grant_key,
    request_key,
    may_edit,
    ...linksOf(state, plan, { slug: facts.slug, may_edit, may_pause: mayExtend(managed, plan) }),
    may_accept: grant_key !== null && mayAcceptGrant(managed, subscription),
  };
}

function viewPlannedPause(pause: Pause | undefined): SubscriptionView['planned_pause'] {
  const { state, starts_at, resumes_at = null } = pause ?? {};
  return state === 'planned' && starts_at && resumes_at ? { starts_at, resumes_at } : null;
}

/** Returns the pages that change a running subscription. `may_pause`: also when the plan does not offer a pause. */
function linksOf(
  state: TermState,
  plan: Plan,
  { slug, may_edit, may_pause }: { slug: string; may_edit: boolean; may_pause: boolean },
): Pick<SubscriptionView, 'change_url' | 'stop_url' | 'pause_url' | 'trial_url'> {
  const runs = state !== 'ended' && state !== 'requested' && state !== 'granted';
  const is_pausable = plan.pause_days_max > 0 || may_pause;
  const has_pause = state === 'paused' || (is_pausable && state !== 'trial' && state !== 'locked');
  return {
    change_url: may_edit && runs ? paths.changeSubscription(slug, plan.slug) : null,
    stop_url: may_edit && runs ? paths.stopSubscription(slug, plan.slug) : null,
    pause_url: may_edit && runs && has_pause ? paths.pauseSubscription(slug, plan.slug) : null,
    trial_url: state === 'trial' ? paths.trial(slug, plan.slug) : null,
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
