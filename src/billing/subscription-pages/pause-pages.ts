import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { lastDayBefore, nextDay } from '#platform/pages/forms/day-text';
import { humanizeDate } from '#platform/templates/humanize-date';
import { findOpenPause, isFrozen, type Pause } from '#subscriptions';
import {
  endFrom,
  movePause,
  type PauseState,
  type PauseWish,
  pauseSubscription,
  previewPause,
  requirePausable,
  resumeSubscription,
  stoppedTime,
} from '../pauses/index.ts';
import {
  nextCharge,
  type OpenedSubscription,
  openSubscription,
  SubscriptionParams,
  type SubscriptionRequest,
} from './open-subscription.ts';
import { type PausePreview, pausePage } from './pause-page-type.ts';

const DAY_MS = 86_400_000;
const url = '/profile/:profile/subscriptions/:plan/pause/';
/** The pause that the page previews; without `resumes_at` it shows the form. */
const querystring = Type.Object({
  at: Type.Optional(Type.String({ maxLength: 20 })),
  resumes_at: Type.Optional(Type.String({ maxLength: 64 })),
});

/** Page that pauses a subscription, moves the end of a pause, and resumes. */
export function pausePages(app: App): void {
  const options = {
    config: { access: { kind: 'provider', frictionless: true }, page: true },
    schema: { hide: true, params: SubscriptionParams, querystring },
  } as const;
  app.get(url, options, async (request, reply) => showPause(request, reply, await openSubscription(request)));
  app.post(url, options, async (request, reply) => {
    const opened = await openSubscription(request);
    try {
      reply.flash('success', await runAction(request, opened));
    } catch (error) {
      return showPause(request, reply, opened, problemToForm(error));
    }
    return reply.redirect(opened.parts.back_url, 303);
  });
}

/** Runs the posted action and returns the message for the reader. */
async function runAction(request: SubscriptionRequest, opened: OpenedSubscription): Promise<string> {
  const { ctx, body } = request;
  const { target, subscriber, plan } = opened;
  const timezone = subscriber.default_timezone;
  const day = (at: Date | null) =>
    at === null ? '' : humanizeDate({ at, is_day: false }, { locale: ctx.lang, timezone });
  switch (textField(body, 'action', 20)) {
    case 'resume': {
      const { ends_at } = await resumeSubscription(ctx, target);
      return `${plan.title} runs. It is paid until ${day(ends_at)}.`;
    }
    case 'withdraw':
      await resumeSubscription(ctx, target);
      return `The planned pause was withdrawn. ${plan.title} goes on.`;
    case 'move': {
      const { resumes_at } = await movePause(ctx, target, textField(body, 'resumes_at', 64), timezone);
      return `${plan.title} resumes on ${day(resumes_at)}.`;
    }
    default: {
      const { state, paused_at, resumes_at } = await pauseSubscription(ctx, target, readWish(request), timezone);
      return state === 'paused'
        ? `${plan.title} is paused until ${day(resumes_at)}.`
        : `${plan.title} pauses on ${day(paused_at)} and resumes on ${day(resumes_at)}.`;
    }
  }
}

/** Reads the pause that the address asks for. */
function readWish({ query }: SubscriptionRequest): PauseWish {
  const at = textField(query, 'at', 20) === 'period_end' ? 'period_end' : 'now';
  return { at, resumes_at: textField(query, 'resumes_at', 64) };
}

async function showPause(
  request: SubscriptionRequest,
  reply: FastifyReply,
  opened: OpenedSubscription,
  refused: FormProblem | null = null,
): Promise<FastifyReply> {
  const { ctx, query, body } = request;
  const { subscription } = opened;
  const pause = await findOpenPause(ctx.db, subscription.id);
  const shown_pause = pause?.kind === 'pause' ? viewPause(opened, pause) : null;
  const is_suspended = subscription.suspended_at !== null;
  const is_open = opened.may_edit && shown_pause === null && !is_suspended;
  const { offer, refusal } = is_open ? await loadOffer(request, opened) : { offer: null, refusal: null };
  const typed = textField(query, 'resumes_at', 64);
  const { preview, problem } =
    offer && typed !== '' && refused === null ? await readPreview(request, opened) : { preview: null, problem: null };
  const moved = textField(body, 'resumes_at', 64);
  const shown = refused ?? problem ?? refusal;
  return reply.page(
    pausePage,
    {
      ...opened.parts,
      offer,
      preview,
      pause: shown_pause,
      is_suspended,
      form: {
        at: textField(query, 'at', 20) === 'period_end' && offer?.may_wait !== false ? 'period_end' : 'now',
        resumes_at: moved || typed || (pause?.resumes_at ? dayOf(pause.resumes_at, opened) : (offer?.limits.max ?? '')),
      },
      ...(shown ? { errors: shown.errors, detail: shown.detail } : {}),
    },
    refused?.status ?? problem?.status ?? 200,
  );
}

/** Returns the pauses that the caller may choose, or the reason why there are none. */
async function loadOffer({ ctx }: SubscriptionRequest, opened: OpenedSubscription) {
  const { subscription, plan, is_provider, at } = opened;
  const may_wait = subscription.auto_renew && !isFrozen(subscription);
  try {
    await requirePausable(ctx.db, opened, 'now', at);
  } catch (error) {
    return { offer: null, refusal: problemToForm(error) };
  }
  const days_max = is_provider ? null : plan.pause_days_max;
  return { offer: { days_max, may_wait, limits: limitsOf(opened, at, days_max) }, refusal: null };
}

/** Returns the first and the last day on which a pause from an instant may end. */
function limitsOf(opened: OpenedSubscription, starts_at: Date, days_max: number | null) {
  const first = new Date(starts_at.getTime() + (days_max === null ? 0 : DAY_MS));
  return {
    // Days begin at midnight: the day of an instant is over for the most part.
    min: nextDay(dayOf(first > opened.at ? first : opened.at, opened)),
    max: days_max === null ? '' : dayOf(new Date(starts_at.getTime() + days_max * DAY_MS), opened),
  };
}

function dayOf(at: Date, { subscriber }: OpenedSubscription): string {
  return lastDayBefore(at, subscriber.default_timezone, false);
}

async function readPreview(request: SubscriptionRequest, opened: OpenedSubscription) {
  try {
    const timezone = opened.subscriber.default_timezone;
    const state = await previewPause(request.ctx, opened.target, readWish(request), timezone);
    return { preview: viewPreview(opened, state), problem: null };
  } catch (error) {
    return { preview: null, problem: problemToForm(error) };
  }
}

/** Presents what a pause does. Pure. */
function viewPreview(opened: OpenedSubscription, { state, paused_at, resumes_at, ends_at }: PauseState): PausePreview {
  const is_now = state === 'paused';
  const starts_at = paused_at ?? opened.at;
  const end = resumes_at ?? ends_at;
  return {
    is_now,
    starts_at,
    resumes_at: end,
    ends_at,
    was_ends_at: opened.subscription.ends_at,
    next_charge: is_now ? nextCharge(opened, ends_at) : chargeAt(opened, end),
  };
}

/** The renewal of a pause after the paid time is charged when it resumes. */
function chargeAt(opened: OpenedSubscription, at: Date) {
  const next = nextCharge(opened, at);
  return next && { ...next, at };
}

/** Presents the pause that runs or is planned. Pure. */
function viewPause(opened: OpenedSubscription, pause: Pause) {
  const { state, starts_at, resumes_at } = pause;
  const { subscription, at, is_provider, plan } = opened;
  const is_running = state === 'running';
  const end = resumes_at ?? subscription.ends_at;
  const rest_ms = pause.rest_ms ?? 0;
  const stopped = stoppedTime(subscription, rest_ms, new Date(end.getTime() + rest_ms));
  const ends_now = is_running ? endFrom(stopped, at) : subscription.ends_at;
  return {
    is_running,
    starts_at,
    resumes_at: end,
    ends_at: subscription.ends_at,
    next_charge: is_running ? nextCharge(opened, subscription.ends_at) : chargeAt(opened, end),
    limits: limitsOf(opened, starts_at, is_provider ? null : plan.pause_days_max),
    now: { ends_at: ends_now, next_charge: nextCharge(opened, ends_now) },
  };
}
