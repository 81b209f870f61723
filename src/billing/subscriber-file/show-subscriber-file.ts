import assert from 'node:assert/strict';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findPlansByIds, type Plan } from '#catalog';
import { accounts, listHistory, sumByUnit } from '#ledger';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { runTogether } from '#platform/db/together';
import { sellersSeenBy } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { linkAction } from '#platform/pages/lists/row-actions';
import type { Fact } from '#platform/pages/details/fact';
import { presentTimeline, type TimelineEvent } from '#platform/pages/details/timeline';
import {
  findProfileSummaries,
  presentProfileDetail,
  presentProfileSummary,
  type ProfileView,
  summarizeProfile,
} from '#profiles';
import { findUnpaidSales } from '#payments';
import {
  findLatestNotes,
  findProviderTerms,
  isAgreed,
  pausesOf,
  type Subscription,
  subscriptionsOf,
  termState,
} from '#subscriptions';
import { findCreditTotals } from '../credits/index.ts';
import { viewHistory } from '../receipts/index.ts';
import { findDunningSpans } from './dunning-event-store.ts';
import { dunningEvents, noteEvent, pauseEvents, subscriptionEvents, unpaidEvent } from './file-events.ts';
import { type HeldPlan, subscriberFilePage } from './page-types.ts';

/** Newest transactions that the file reads; the page of all of them is linked. */
const ROWS_MAX = 100;

type HistoryRow = Awaited<ReturnType<typeof viewHistory>>[number];

/**
 * Shows a profile to a provider of its plans: only subscriptions to and transactions with the providers on whose behalf
 * the caller acts.
 */
// long: the data of one page
export async function showSubscriberFile(
  request: FastifyRequest,
  reply: FastifyReply,
  readView: (reader: Reader) => Promise<ProfileView>,
): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const at = ctx.clock.now();
  const sellers = sellersSeenBy(subject) ?? [];
  const { profile_id } = subject;
  assert(profile_id !== null, 'the access guard loads the profile of the route');
  const list = {
    page: 1,
    page_size: ROWS_MAX,
    terms: [],
    fields: [],
    order: [{ field: 'created_at', descending: true }],
    start_at: null,
    ends_at: null,
  };
  const [view, history, all_terms, summaries, credit, notes, unpaid, dunning] = await mergeReads(ctx.db, [
    readView,
    (reader) => listHistory(ctx, profile_id, { list, url: request.listUrl, sellers, reader }),
    (reader) => findProviderTerms(reader, [profile_id]),
    (reader) => findProfileSummaries(reader, sellers),
    (reader) => findCreditTotals(reader, profile_id, sellers),
    (reader) => findLatestNotes(reader, profile_id, sellers, ROWS_MAX),
    (reader) => findUnpaidSales(reader, profile_id, sellers, ROWS_MAX),
    (reader) => findDunningSpans(reader, profile_id, sellers, ROWS_MAX),
  ]);
  const ids = all_terms.flatMap(({ plan_id, provider_id }) => (sellers.includes(provider_id) ? [plan_id] : []));
  const [plans, { held, pauses }, rows] = await mergeReads(ctx.db, [
    (reader) => findPlansByIds(reader, ids),
    (reader) =>
      runTogether(reader, {
        held: subscriptionsOf([profile_id], ids),
        pauses: pausesOf(profile_id, ids, ROWS_MAX),
      }),
    (reader) => viewHistory(reader, history.results, { lang: ctx.lang, timezone: view.default_timezone }),
  ]);
  const summary = presentProfileSummary(summarizeProfile(view));
  const sold = held.filter(isAgreed).toSorted((left, right) => right.ends_at.getTime() - left.ends_at.getTime());
  const subscriptions = sold.flatMap((subscription) => {
    const plan = plans.get(subscription.plan_id);
    const seller = plan && summaries.get(plan.profile_id)?.slug;
    if (!plan || seller === undefined) return [];
    return [viewHeldPlan(subscription, plan, { seller, subscriber: view.slug, may_edit: subject.is_manager, at })];
  });
  const running = subscriptions.filter(({ state }) => state !== 'ended');
  const next = running.at(-1);
  const seller = sellers.flatMap((id) => summaries.get(id)?.slug ?? [])[0] ?? ctx.site.slug;
  const detail = presentProfileDetail(view);
  const due = { amount: history.balance_amount, unit: history.balance_unit };
  const titleOf = (id: Subscription['id']) => {
    const plan_id = held.find((each) => each.id === id)?.plan_id;
    return (plan_id === undefined ? undefined : plans.get(plan_id)?.title) ?? '';
  };
  const events = [
    ...rows.map(eventOf),
    ...notes.map(noteEvent),
    ...unpaid.map(unpaidEvent),
    ...dunning.flatMap(dunningEvents),
    ...pauses.flatMap((pause) => pauseEvents(pause, titleOf(pause.subscription_id))),
    ...sold.flatMap((subscription) =>
      subscriptionEvents(subscription, plans.get(subscription.plan_id)?.title ?? '', {
        is_ended: termState(subscription, at) === 'ended',
        was_replaced: sold.some(({ replaces_id }) => replaces_id === subscription.id),
      }),
    ),
  ];
  return reply.page(subscriberFilePage, {
    profile: { ...summary, printable_name: detail.printable_name },
    nav_as: { profile: seller, current: paths.subscribers(seller) },
    crumbs: [{ label: 'Subscribers', href: paths.subscribers(seller) }],
    email: detail.email,
    active_count: running.length,
    subscriptions,
    effect: [{ label: 'Due', money: due }, ...paidOf(rows, history.count, due.unit), ...creditOf(credit)],
    facts: factsOf(detail),
    timeline: presentTimeline(
      events,
      next ? { text: `${next.title} ${nextVerb(next)} on`, at: (next.resumes_at ?? next.ends_at).toISOString() } : null,
    ),
    history_url: paths.history(view.slug),
    credits_url: paths.credits(view.slug),
    give_credit_url: subject.is_manager ? paths.giveCredit(view.slug) : null,
    roles_url: paths.roles(view.slug),
    notes_url: paths.subscriberNotes(seller, view.slug),
  });
}

/** Presents a subscription with the pages on which its provider changes it. Pure. */
function viewHeldPlan(
  subscription: Subscription,
  plan: Plan,
  { seller, subscriber, may_edit, at }: { seller: string; subscriber: string; may_edit: boolean; at: Date },
): HeldPlan {
  const { created_at, ends_at, auto_renew, quantity, resumes_at } = subscription;
  const { slug, title, unit, period_type, period_length } = plan;
  const state = termState(subscription, at);
  const may_change = may_edit && state !== 'ended';
  const may_pause = may_change && state !== 'trial' && state !== 'locked';
  return {
    slug,
    title,
    period_amount: plan.period_amount * quantity,
    unit,
    period_type,
    period_length,
    quantity,
    state,
    auto_renew,
    created_at,
    ends_at,
    resumes_at: state === 'paused' ? resumes_at : null,
    actions: [
      ...(state === 'trial' ? [linkAction('See the trial', paths.trial(subscriber, slug))] : []),
      ...(may_change ? [linkAction('Change the plan', paths.changeSubscription(subscriber, slug))] : []),
      ...(may_pause
        ? [linkAction(state === 'paused' ? 'Resume' : 'Pause', paths.pauseSubscription(subscriber, slug))]
        : []),
      ...(may_change
        ? [
            linkAction('Extend', paths.subscriber(seller, { subscriber, plan: slug }, 'extend')),
            linkAction('End', paths.stopSubscription(subscriber, slug), { is_danger: true }),
          ]
        : []),
    ],
  };
}

/** Returns what happens next to a running subscription. */
function nextVerb({ state, auto_renew }: Pick<HeldPlan, 'state' | 'auto_renew'>): string {
  if (state === 'paused') return 'resumes';
  if (state === 'trial') return 'has its first charge';
  return auto_renew ? 'renews' : 'ends';
}

const isPayment = (row: HistoryRow) => row.orig_account === accounts.liability && row.dest_account === accounts.funds;

/**
 * Returns the sum of the payments without what refunds and disputes gave back, when the file read all transactions and
 * they have one currency.
 */
function paidOf(rows: readonly HistoryRow[], count: number, unit: string) {
  const given_back = rows.filter(({ orig_account }) => orig_account === accounts.refunded);
  const restored = rows.filter(({ dest_account }) => dest_account === accounts.refunded);
  const payments = rows.filter(isPayment);
  const units = [...payments, ...given_back].map(({ orig_unit }) => orig_unit);
  if (count > rows.length || [...units, ...restored.map(({ dest_unit }) => dest_unit)].some((each) => each !== unit))
    return [];
  const sum = (of: readonly HistoryRow[]) => of.reduce((total, { orig_amount }) => total + orig_amount, 0);
  return [{ label: 'Paid so far', money: { amount: sum(payments) - sum(given_back) + sum(restored), unit } }];
}

/** Returns what is left of credit, by unit. */
function creditOf(totals: Awaited<ReturnType<typeof findCreditTotals>>) {
  return sumByUnit(totals).map((money) => ({ label: 'Credit', money }));
}

function eventOf(row: HistoryRow): TimelineEvent {
  const is_refund = row.orig_account === accounts.refunded;
  const money = row.is_debit
    ? { amount: row.orig_amount, unit: row.orig_unit }
    : { amount: row.dest_amount, unit: row.dest_unit };
  return {
    icon: is_refund ? 'undo' : isPayment(row) ? 'check' : 'cart',
    tone: is_refund ? 'neutral' : isPayment(row) ? 'good' : 'info',
    parts: [{ text: `${row.description} · ` }, { money }],
    actor: null,
    at: row.created_at,
  };
}

function factsOf(detail: ReturnType<typeof presentProfileDetail>): Fact[] {
  const { email, phone, street_address, locality, region, postal_code, country, default_timezone, slug } = detail;
  const place = [street_address, locality, region, postal_code, country].filter((part) => part !== '').join(', ');
  return [
    { label: 'E-mail', value: email },
    { label: 'Phone', value: phone },
    { label: 'Address', value: place },
    { label: 'Time zone', value: default_timezone },
    { label: 'Profile', value: slug, code: true },
  ];
}
