import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { invalidInput, Problem } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { targetOf, withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { humanizeDate } from '#platform/templates/humanize-date';
import { humanizeMoney } from '#platform/templates/humanize-money';
import type { Processors } from '#payments';
import { type EndingReason, endingReasons, findRecordedEnding, isFrozen } from '#subscriptions';
import {
  type CancelChoice,
  type CancelPreview,
  type CancelResult,
  mayWithdraw,
  previewCancellations,
  requestCancellation,
  withdrawCancellation,
} from '../cancellations/index.ts';
import { billingProblems } from '../problems.ts';
import {
  type OpenedSubscription,
  openSubscription,
  SubscriptionParams,
  type SubscriptionRequest,
} from './open-subscription.ts';
import { reasonChoices, reasonLabels, type StopPreview, stopPage } from './stop-page-type.ts';

const COMMENT_MAX = 1000;
const url = '/profile/:profile/subscriptions/:plan/stop/';
/** The cancellation that the page shows: the first that is offered when omitted. */
const querystring = Type.Object({
  at: Type.Optional(Type.String({ maxLength: 20 })),
  refund: Type.Optional(Type.String({ maxLength: 20 })),
  next: Type.Optional(Type.String({ maxLength: 2000 })),
});

/** Page that cancels a subscription, and takes a planned cancellation back. */
export function stopPages(app: App, processors: Processors): void {
  const options = {
    config: { access: { kind: 'provider', frictionless: true }, page: true },
    schema: { hide: true, params: SubscriptionParams, querystring },
  } as const;
  app.get(url, options, async (request, reply) => showStop(request, reply, await openSubscription(request)));
  app.post(url, options, async (request, reply) => {
    const opened = await openSubscription(request);
    if (textField(request.body, 'action', 20) === 'keep') return keepSubscription(request, reply, opened);
    return stopSubscription(request, reply, processors, opened);
  });
}

interface Refused {
  problem: FormProblem | null;
  outdated: 'changed' | 'expired' | null;
}

const not_refused: Refused = { problem: null, outdated: null };

// long: the data of one page
async function showStop(
  request: SubscriptionRequest,
  reply: FastifyReply,
  opened: OpenedSubscription,
  { problem, outdated }: Refused = not_refused,
): Promise<FastifyReply> {
  const { ctx } = request;
  const { subscription, plan, subscriber, parts } = opened;
  const ending = subscription.cancelled_at === null ? undefined : await findRecordedEnding(ctx.db, subscription.id);
  const { choices, refusal } = await loadChoices(request, opened);
  const asked = readChoice(request);
  const next = targetOf(request, '');
  const current = choices.find(({ wish }) => wish.at === asked.at && wish.refund === asked.refund);
  const is_planned = subscription.cancelled_at !== null;
  const chosen = current ?? (is_planned ? undefined : choices[0]);
  const shown = problem ?? refusal;
  return reply.page(
    stopPage,
    {
      ...parts,
      is_subscriber: opened.is_subscriber,
      choices: choices.map((choice) => ({
        kind: choice.wish.at === 'period_end' ? ('period_end' as const) : choice.wish.refund,
        href: withNext(paths.stopSubscription(subscriber.slug, plan.slug, choice.wish), next),
        is_current: choice === chosen,
        ends_at: new Date(choice.preview.ends_at),
        given_back: aboveZero(choice.preview.refund_amount + choice.preview.credit_amount, choice.preview.unit),
      })),
      preview: chosen ? viewPreview(chosen.preview) : null,
      preview_key: chosen?.preview.preview_key ?? '',
      planned:
        subscription.cancelled_at === null
          ? null
          : {
              cancelled_at: subscription.cancelled_at,
              reason: ending?.reason == null ? null : (reasonLabels[ending.reason] ?? ending.reason),
              comment: ending?.comment ?? null,
              by_provider: ending?.kind === 'by_provider',
              may_withdraw: opened.may_edit && mayWithdraw(opened, ending?.kind),
              renews: plan.renewal_type === 'auto-renew',
            },
      outdated,
      reasons: reasonChoices,
      pause_url:
        plan.pause_days_max > 0 && opened.is_subscriber && subscription.paused_at === null && !is_planned
          ? paths.pauseSubscription(subscriber.slug, plan.slug)
          : null,
      form: { reason: textField(request.body, 'reason', 20), comment: textField(request.body, 'comment', COMMENT_MAX) },
      ...(shown ? { errors: shown.errors, detail: shown.detail } : {}),
    },
    problem?.status ?? (outdated === null ? 200 : 409),
  );
}

/** Loads what the caller may choose, with the reason when nothing can be cancelled now. */
async function loadChoices({ ctx }: SubscriptionRequest, { may_edit, target }: OpenedSubscription) {
  if (!may_edit) return { choices: [] as CancelChoice[], refusal: null };
  try {
    return { choices: await previewCancellations(ctx, target), refusal: null };
  } catch (error) {
    return { choices: [] as CancelChoice[], refusal: problemToForm(error) };
  }
}

function readChoice({ query }: SubscriptionRequest) {
  return { at: textField(query, 'at', 20), refund: textField(query, 'refund', 20) };
}

function aboveZero(amount: number, unit: string) {
  return amount > 0 ? { amount, unit } : null;
}

/** Presents what a cancellation does. Pure. */
function viewPreview(preview: CancelPreview): StopPreview {
  const { unit, refund_amount, credit_amount, due_after, deletes } = preview;
  const noted = preview.lines.reduce((sum, { kind, amount }) => sum - (kind === 'credit_note' ? amount : 0), 0);
  return {
    is_now: preview.at === 'now',
    ends_at: new Date(preview.ends_at),
    refund: aboveZero(refund_amount, unit),
    credit: aboveZero(credit_amount, unit),
    reduced: aboveZero(noted - credit_amount, unit),
    due_after: aboveZero(due_after, unit),
    lost_change: deletes.pending_change?.title ?? null,
    ends_pause: deletes.pause,
  };
}

async function stopSubscription(
  request: SubscriptionRequest,
  reply: FastifyReply,
  processors: Processors,
  opened: OpenedSubscription,
): Promise<FastifyReply> {
  const { ctx, body } = request;
  if (isPlannedAlready(request, opened)) return announcePlanned(request, reply, opened);
  try {
    const { reason, comment } = readReason(body);
    const wish = await findWish(request, opened);
    const preview_key = textField(body, 'preview_key', 60);
    const wanted = { ...wish, preview_key, reason, comment };
    const outcome = await requestCancellation({ ...ctx, processors }, opened.target, wanted);
    return await announce(request, reply, opened, outcome);
  } catch (error) {
    const outdated = outdatedReason(error);
    const problem = outdated === null ? problemToForm(error) : null;
    return showStop(request, reply, opened, { problem, outdated });
  }
}

/** True if the form of a cancellation at the end of the period was sent again. Pure. */
function isPlannedAlready(request: SubscriptionRequest, { subscription }: OpenedSubscription): boolean {
  return readChoice(request).at === 'period_end' && subscription.cancelled_at !== null && !isFrozen(subscription);
}

/** Returns the cancellation that the address asks for, or the first one offered. @throws refund_not_offered (409) */
async function findWish({ ctx, query }: SubscriptionRequest, { target }: OpenedSubscription) {
  const asked = { at: textField(query, 'at', 20), refund: textField(query, 'refund', 20) };
  const choices = await previewCancellations(ctx, target);
  const chosen =
    asked.at === '' ? choices[0] : choices.find(({ wish }) => wish.at === asked.at && wish.refund === asked.refund);
  if (!chosen) throw billingProblems.refund_not_offered();
  return chosen.wish;
}

/** Reads the reason, which is never required. @throws invalid_input (400) naming the fields */
function readReason(body: unknown): { reason: EndingReason | null; comment: string | null } {
  const typed = textField(body, 'reason', 20);
  const comment = textField(body, 'comment', COMMENT_MAX + 1);
  const reason = endingReasons.find((each) => each === typed);
  const errors = {
    ...(typed !== '' && reason === undefined ? { reason: ['Choose one of the reasons.'] } : {}),
    ...(comment.length > COMMENT_MAX ? { comment: ['Use at most 1,000 characters.'] } : {}),
  };
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  return { reason: reason ?? null, comment: comment === '' ? null : comment };
}

/** Returns why a preview is outdated; null for any other error. */
function outdatedReason(error: unknown): 'changed' | 'expired' | null {
  if (!(error instanceof Problem) || error.code !== billingProblems.preview_outdated.code) return null;
  return error.extra.members?.['reason'] === 'expired' ? 'expired' : 'changed';
}

/** Redirects with the message about an outcome. */
function announce(
  request: SubscriptionRequest,
  reply: FastifyReply,
  opened: OpenedSubscription,
  { state, ends_at, refund_amount, credit_amount }: CancelResult,
): FastifyReply {
  const { ctx } = request;
  const { plan, at, parts } = opened;
  const { title, unit } = plan;
  const refund = refund_amount > 0 ? ` ${humanizeMoney({ amount: refund_amount, unit }, ctx.lang)} is refunded.` : '';
  const credit =
    credit_amount > 0 ? ` ${humanizeMoney({ amount: credit_amount, unit }, ctx.lang)} is credit for later orders.` : '';
  if (state === 'pending') {
    reply.flash('info', `The refund is being made. ${title} ends when it is decided.`);
  } else if (new Date(ends_at) > at) {
    return announcePlanned(request, reply, opened, { ends_at: new Date(ends_at), money: `${refund}${credit}` });
  } else {
    reply.flash('success', `${title} has ended.${refund}${credit}`);
  }
  return reply.redirect(parts.back_url, 303);
}

/** Redirects with the end of a planned cancellation, and the button that takes it back. */
function announcePlanned(
  request: SubscriptionRequest,
  reply: FastifyReply,
  { plan, subscriber, subscription, parts }: OpenedSubscription,
  { ends_at, money }: { ends_at: Date; money: string } = { ends_at: subscription.ends_at, money: '' },
): FastifyReply {
  const moment = { at: ends_at, is_day: false };
  const day = humanizeDate(moment, { locale: request.ctx.lang, timezone: subscriber.default_timezone });
  const action = withNext(paths.stopSubscription(subscriber.slug, plan.slug), targetOf(request, ''));
  const undo = { action, label: 'Take it back', fields: { action: 'keep' } };
  reply.flash('success', `${plan.title} ends on ${day}.${money}`, { undo });
  return reply.redirect(parts.back_url, 303);
}

/** Takes a planned cancellation back. */
async function keepSubscription(
  request: SubscriptionRequest,
  reply: FastifyReply,
  opened: OpenedSubscription,
): Promise<FastifyReply> {
  try {
    const { auto_renew } = await withdrawCancellation(request.ctx, opened.target);
    const { title } = opened.plan;
    reply.flash('success', auto_renew ? `${title} goes on and renews again.` : `${title} is no longer cancelled.`);
  } catch (error) {
    return showStop(request, reply, opened, { problem: problemToForm(error), outdated: null });
  }
  return reply.redirect(opened.parts.back_url, 303);
}
