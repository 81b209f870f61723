import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type Plan, planSummary } from '#catalog';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { problemToForm } from '#platform/http/forms';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { mergeReads } from '#platform/db/merge-reads';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import { printDay } from '#platform/pages/forms/day-text';
import type { Refusal } from '#platform/pages/forms/form';
import { backToList } from '#platform/pages/lists/list-address';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { findProfileById, presentProfileSummary, type Profile, profileName, type ProfileSummary } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import { isAgreed, readSubscriber, type Subscription } from '../records/index.ts';
import type { SubscriptionEnding } from '../request-ending.ts';
import { getSubjectId } from '../route-subject.ts';
import { SubscriberParams } from '../schemas.ts';
import { changeSubscription, unsubscribeProfile } from '../terms/index.ts';
import { extendForm, noteForm, subscriberFormPage } from './page-types.ts';

const url = '/profile/:profile/subscribers/:subscriber/:plan';
const options = {
  config: {
    access: { kind: 'direct', manages: true },
    page: true,
    problems: [subscriptionProblems.plan_not_provided, subscriptionProblems.subscription_unknown],
  },
  schema: { hide: true, params: SubscriberParams, querystring: Type.Object({ next: Type.Optional(Type.String()) }) },
} as const;

/**
 * Pages of a provider that change one subscription to its plans: the end, the note, and what withdraws an invitation or
 * declines a request. A subscription that runs is stopped on the page of its cancellation, with a choice of refunds.
 */
export function subscriberTermPages(app: App, { endings }: { endings: SubscriptionEnding }): void {
  formPages(app, 'extend');
  formPages(app, 'note');
  app.get(`${url}/cancel/`, options, async (request, reply) => {
    const { subscription } = await loadSubscription(request, request.params);
    return isAgreed(subscription) ? reply.redirect(stopOf(request), 302) : showCancel(request, reply, endings);
  });
  app.post(`${url}/cancel/`, options, async (request, reply) => {
    const { subscription, plan, subscriber } = await loadSubscription(request, request.params);
    if (isAgreed(subscription)) return reply.redirect(stopOf(request), 303);
    const target = { profile_id: subscription.profile_id, plan: plan.slug };
    try {
      const money = await unsubscribeProfile(request.ctx, target, endings);
      reply.flash('success', money ?? `${plan.title} of ${subscriber.printable_name} has ended.`);
    } catch (error) {
      return showCancel(request, reply, endings, problemToForm(error));
    }
    return reply.redirect(backOf(request), 303);
  });
}

function formPages(app: App, action: 'extend' | 'note'): void {
  app.get(`${url}/${action}/`, options, async (request, reply) => showForm(request, reply, action, null));
  app.post(`${url}/${action}/`, options, async (request, reply) => {
    const form = action === 'extend' ? extendForm : noteForm;
    try {
      reply.flash('success', await changeAsPosted(request, action));
    } catch (error) {
      return showForm(request, reply, action, form.refuse(error, request.body));
    }
    return reply.redirect(backOf(request), 303);
  });
}

type Params = Parameters<typeof paths.subscriber>[1];

interface Loaded {
  provider: Profile;
  subscription: Subscription;
  plan: Plan;
  subscriber: ProfileSummary;
}

/** @throws plan_not_provided, subscription_unknown (404) */
async function loadSubscription({ ctx, subject }: FastifyRequest, params: Params): Promise<Loaded> {
  const provider_id = getSubjectId(subject);
  const [provider, view] = await mergeReads(ctx.db, [
    (together) => findProfileById(together, provider_id),
    (together) => readSubscriber(together, { provider_id, ...params }, ctx.clock.now()),
  ]);
  const { subscription, plan, subscriber } = view;
  if (!plan || !provider) throw subscriptionProblems.plan_not_provided();
  if (!subscription || !subscriber) throw subscriptionProblems.subscription_unknown();
  return { provider, subscription, plan, subscriber };
}

function paramsOf(request: FastifyRequest): Params {
  return request.params as Params; // the schema of every route here is SubscriberParams
}

function backOf(request: FastifyRequest): string {
  const { profile, plan } = request.params as { profile: string; plan: string }; // as above
  const of_plan = paths.planSubscribers(profile, plan);
  const back = backToList(request, of_plan);
  return back === of_plan && !isNext(request, of_plan) ? backToList(request, paths.subscribers(profile)) : back;
}

/** Returns the page that stops the subscription of the path and leads back to the list. */
function stopOf(request: FastifyRequest): string {
  const { subscriber, plan } = paramsOf(request);
  return withNext(paths.stopSubscription(subscriber, plan), backOf(request));
}

function isNext({ query }: FastifyRequest, path: string): boolean {
  const next: unknown = typeof query === 'object' && query !== null ? Reflect.get(query, 'next') : null;
  return typeof next === 'string' && next.split('?')[0] === path;
}

async function changeAsPosted(request: FastifyRequest, action: 'extend' | 'note'): Promise<string> {
  const { ctx, body } = request;
  const { provider, subscription, plan, subscriber } = await loadSubscription(request, paramsOf(request));
  const timezone = provider.default_timezone;
  const target = { profile_id: subscription.profile_id, plan: plan.slug, provider_id: provider.id };
  const context = { locale: ctx.lang, timezone };
  if (action === 'note') {
    const { description } = noteForm.read(body, context);
    await changeSubscription(ctx, target, { description: description === '' ? null : description }, timezone);
    return description === '' ? 'The note was removed.' : 'The note was saved.';
  }
  const { ends_at } = extendForm.read(body, context);
  if (ends_at <= subscription.ends_at) {
    const day = printDay(new Date(subscription.ends_at.getTime() - 1), timezone, ctx.lang);
    throw invalidInput({ ends_at: [`Choose a day after ${day}. To end it earlier, end the subscription.`] });
  }
  await changeSubscription(ctx, target, { ends_at: ends_at.toISOString() }, timezone);
  const last_day = printDay(new Date(ends_at.getTime() - 1), timezone, ctx.lang);
  return `${subscriber.printable_name} has ${plan.title} until ${last_day}.`;
}

async function showForm(
  request: FastifyRequest,
  reply: FastifyReply,
  action: 'extend' | 'note',
  refusal: Refusal | null,
): Promise<FastifyReply> {
  const { provider, subscription, plan, subscriber } = await loadSubscription(request, paramsOf(request));
  const context = { locale: request.ctx.lang, timezone: provider.default_timezone };
  const form =
    action === 'extend'
      ? extendForm.view({ ends_at: subscription.ends_at }, context, refusal)
      : noteForm.view({ description: subscription.description ?? '' }, context, refusal);
  return reply.page(
    subscriberFormPage,
    {
      profile: { slug: provider.slug, printable_name: profileName(provider), picture: provider.picture },
      subscriber: presentProfileSummary(subscriber),
      plan: planSummary(plan),
      action,
      created_at: subscription.created_at,
      ends_at: subscription.ends_at,
      back_url: backOf(request),
      ...form,
    },
    refusal?.status ?? 200,
  );
}

async function showCancel(
  request: FastifyRequest,
  reply: FastifyReply,
  endings: SubscriptionEnding,
  problem: ReturnType<typeof problemToForm> | null = null,
): Promise<FastifyReply> {
  const loaded = await loadSubscription(request, paramsOf(request));
  const shown = { form: {}, errors: {}, detail: problem?.detail ?? '' };
  const isRequest = loaded.subscription.request_key !== null;
  const money = isRequest ? await endings.previewEnding(request.ctx, loaded.subscription) : null;
  const confirm = confirmationOf(request, loaded, money);
  return reply.page(confirmPage, { confirm, ...shown }, problem?.status ?? 200);
}

const words = {
  granted: { title: 'Withdraw the invitation', keep: 'Keep the invitation', effect: 'The invitation' },
  requested: { title: 'Decline the request', keep: 'Keep the request', effect: 'The request' },
} as const;

type Money = Awaited<ReturnType<SubscriptionEnding['previewEnding']>>;

/** Returns what happens to the money. A subscription keeps it; a request gives it back. */
function moneyEffects(money: Money | null, lang: string): Confirmation['effect'] {
  if (money === null) return [{ label: 'What was paid', value: 'stays', value_note: 'Nothing is refunded by this' }];
  return [
    ...money.refunded.map((each) => ({
      label: 'What was paid',
      value: humanizeMoney(each, lang),
      value_note: 'is refunded',
    })),
    ...money.credited.map((each) => ({
      label: 'What credit paid',
      value: humanizeMoney(each, lang),
      value_note: 'is credit again',
    })),
    ...money.noted.map((each) => ({
      label: 'What was paid outside of the site',
      value: humanizeMoney(each, lang),
      value_note: 'becomes credit for later orders',
    })),
    ...money.due.map((each) => ({
      label: 'What is due',
      value: humanizeMoney(each, lang),
      value_note: 'is taken back',
    })),
  ];
}

function confirmationOf(
  request: FastifyRequest,
  { provider, subscription, plan, subscriber }: Loaded,
  money: Money | null,
): Confirmation {
  const { ctx } = request;
  const { title, keep, effect } = words[subscription.request_key === null ? 'granted' : 'requested'];
  const day = printDay(new Date(subscription.ends_at.getTime() - 1), provider.default_timezone, ctx.lang);
  return {
    title: `${title} of ${subscriber.printable_name}`,
    subject: `${plan.title} until ${day}`,
    effect: [{ label: effect, value: 'ends now' }, ...moneyEffects(money, ctx.lang)],
    undo: 'This cannot be undone. You can add the subscriber again.',
    keep_label: keep,
    keep_url: backOf(request),
    action_label: title,
    hidden: [],
    typed_name: null,
  };
}
