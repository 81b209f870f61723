import assert from 'node:assert/strict';
import { readInstant } from '#kernel/instant';
import { periodContaining } from '#kernel/period';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { emit } from '#platform/jobs/events';
import { findOpenPause, insertPause, isFrozen, updatePause, updateSubscription, wasPausedSince } from '#subscriptions';
import { wholeSecond } from '../whole-second.ts';
import { billingProblems } from '../problems.ts';
import { pauseFacts, subscriptionPaused, subscriptionResumed } from './events.ts';
import { freezeBought, freezeSubscription, thawSubscription } from './freeze.ts';
import {
  findDueOn,
  findRunning,
  hasOpenCharge,
  lockRunning,
  requireNoOpenCharge,
  type Running,
  type RunningTarget,
} from './lock-running.ts';
import { defaultResumption, endFrom, type PauseTerms, refuseResumption } from './pause.ts';

/** What a caller asks for: `at` is when the pause begins. */
export interface PauseWish {
  at: 'now' | 'period_end';
  /** ISO text; the longest pause that is offered when omitted. */
  resumes_at?: string | undefined;
  reason?: string | undefined;
}

/** State of a pause as the API shows it. Null members: nothing is paused. */
export interface PauseState {
  state: 'paused' | 'pause_pending' | 'running';
  paused_at: Date | null;
  resumes_at: Date | null;
  ends_at: Date;
}

/**
 * Pauses a subscription now, or at the end of what is paid. A subscriber may do so once in each plan period, for 1 day
 * to `pause_days_max`; the provider without these limits.
 *
 * Locks: as `lockRunning`, then the coverages.
 * @throws subscription_unknown (404), subscription_protected (403), invalid_input (400) naming `resumes_at`,
 *   subscription_not_agreed, pause_not_offered, pause_used, subscription_paused, balance_due, charge_pending (409)
 */
export async function pauseSubscription(
  ctx: Context,
  target: RunningTarget,
  wish: PauseWish,
  timezone: string,
): Promise<PauseState> {
  const at = wholeSecond(ctx.clock.now());
  return inTransaction(ctx.db, async (tx) => {
    const running = await lockRunning(ctx, tx, target, at);
    await requirePausable(tx, running, wish.at, at);
    const { subscription, plan } = running;
    const { starts_at, resumes_at } = readPause(running, wish, at, timezone);
    const reason = wish.reason ?? null;
    const created_by = actorId(ctx);
    if (wish.at === 'period_end') {
      await insertPause(tx, {
        subscription_id: subscription.id,
        kind: 'pause',
        state: 'planned',
        starts_at,
        resumes_at,
        reason,
        created_by,
        created_at: at,
      });
      return { state: 'pause_pending', paused_at: starts_at, resumes_at, ends_at: subscription.ends_at };
    }
    const paused = await freezeSubscription(tx, subscription, {
      kind: 'pause',
      at,
      resumes_at,
      listed_until: resumes_at,
      reason,
      created_by,
    });
    const facts = pauseFacts(paused.subscription, plan, { resumes_at, originated_by: created_by });
    await emit(tx, subscriptionPaused(facts), at);
    return { state: 'paused', paused_at: at, resumes_at, ends_at: paused.subscription.ends_at };
  });
}

/**
 * Returns what a pause would do now, writes nothing. Without `resumes_at` it shows the longest pause that is offered.
 * @throws the problems of `pauseSubscription`
 */
export async function previewPause(
  ctx: Context,
  target: RunningTarget,
  wish: PauseWish,
  timezone: string,
): Promise<PauseState> {
  const at = wholeSecond(ctx.clock.now());
  const running = await findRunning(ctx, ctx.db, target, at);
  await requirePausable(ctx.db, running, wish.at, at);
  const { starts_at, resumes_at } = readPause(running, wish, at, timezone);
  const { ends_at } = running.subscription;
  const moved = new Date(resumes_at.getTime() + Math.max(0, ends_at.getTime() - at.getTime()));
  return wish.at === 'now'
    ? { state: 'paused', paused_at: starts_at, resumes_at, ends_at: moved }
    : { state: 'pause_pending', paused_at: starts_at, resumes_at, ends_at };
}

/** Returns when a pause begins and ends. @throws invalid_input (400) naming `resumes_at` */
function readPause({ subscription, plan, is_provider }: Running, wish: PauseWish, at: Date, timezone: string) {
  const starts_at = wish.at === 'now' ? at : subscription.ends_at;
  const terms = { starts_at, now: at, days_max: is_provider ? null : plan.pause_days_max };
  const offered = defaultResumption({ ...terms, days_max: plan.pause_days_max });
  return { starts_at, resumes_at: readResumption(wish.resumes_at, terms, timezone, offered) };
}

/**
 * Requires that a subscription may be paused by the caller.
 * @throws subscription_paused, pause_not_offered, pause_used, balance_due, charge_pending (409)
 */
export async function requirePausable(
  reader: Reader,
  { subscription, plan, is_provider }: Running,
  begin: PauseWish['at'],
  at: Date,
): Promise<void> {
  if (isFrozen(subscription) || (await findOpenPause(reader, subscription.id)))
    throw billingProblems.subscription_paused();
  const is_trial = subscription.trial_ends_at !== null && subscription.trial_ends_at > at;
  if (is_trial || (plan.pause_days_max === 0 && !is_provider)) throw billingProblems.pause_not_offered();
  // What is not renewed ends at the end of what is paid.
  if (begin === 'period_end' && !subscription.auto_renew) throw billingProblems.pause_not_offered();
  const { anchor_at } = subscription;
  const period = periodContaining(anchor_at, plan.period_type, plan.period_length, at);
  const [is_used, due, is_charged] = await mergeReads(reader, [
    async (together) => !is_provider && (await wasPausedSince(together, subscription.id, period.start_at)),
    async (together) => (is_provider ? 0 : findDueOn(together, subscription, plan)),
    (together) => hasOpenCharge(together, subscription),
  ]);
  if (is_used) throw billingProblems.pause_used();
  if (due > 0) throw billingProblems.balance_due();
  if (is_charged) throw billingProblems.charge_pending();
}

/** @throws invalid_input (400) naming `resumes_at` */
function readResumption(text: string | undefined, terms: PauseTerms, timezone: string, offered: Date | null): Date {
  const resumes_at =
    text === undefined || text === '' ? offered : wholeSecond(readInstant('resumes_at', text, timezone));
  const refusal = refuseResumption(resumes_at, terms);
  if (refusal !== null || resumes_at === null) throw invalidInput({ resumes_at: [refusal ?? ''] });
  return resumes_at;
}

/**
 * Moves the end of a pause that runs or is planned.
 * @throws pause_unknown (404), the problems of `pauseSubscription`
 */
export async function movePause(
  ctx: Context,
  target: RunningTarget,
  text: string,
  timezone: string,
): Promise<PauseState> {
  const at = wholeSecond(ctx.clock.now());
  return inTransaction(ctx.db, async (tx) => {
    const { subscription, plan, is_provider } = await lockRunning(ctx, tx, target, at);
    const pause = await findOpenPause(tx, subscription.id);
    if (!pause || pause.kind !== 'pause') throw billingProblems.pause_unknown();
    const terms = { starts_at: pause.starts_at, now: at, days_max: is_provider ? null : plan.pause_days_max };
    const resumes_at = readResumption(text, terms, timezone, null);
    await updatePause(tx, pause.id, { resumes_at });
    if (pause.state === 'planned')
      return { state: 'pause_pending', paused_at: pause.starts_at, resumes_at, ends_at: subscription.ends_at };
    const stopped = await freezeBought(tx, subscription, pause, pause.resumes_at ?? at);
    const ends_at = endFrom(stopped, resumes_at);
    const moved = await updateSubscription(tx, subscription.id, { resumes_at, ends_at });
    return { state: 'paused', paused_at: moved.paused_at, resumes_at, ends_at: moved.ends_at };
  });
}

/**
 * Resumes a paused subscription now, or withdraws a planned pause.
 * @throws subscription_unknown, pause_unknown (404), subscription_protected (403), charge_pending (409)
 */
export async function resumeSubscription(ctx: Context, target: RunningTarget): Promise<PauseState> {
  const at = wholeSecond(ctx.clock.now());
  return inTransaction(ctx.db, async (tx) => {
    const { subscription, plan } = await lockRunning(ctx, tx, target, at);
    const pause = await findOpenPause(tx, subscription.id);
    if (!pause || pause.kind !== 'pause') throw billingProblems.pause_unknown();
    await requireNoOpenCharge(tx, subscription);
    if (pause.state === 'planned') {
      await updatePause(tx, pause.id, { state: 'withdrawn' });
      return { state: 'running', paused_at: null, resumes_at: null, ends_at: subscription.ends_at };
    }
    const resumed = await thawSubscription(tx, subscription, plan, { pause, listed_until: pause.resumes_at ?? at, at });
    assert(resumed, 'a subscription that runs has not ended');
    const facts = pauseFacts(resumed, plan, { resumes_at: at, originated_by: actorId(ctx) });
    await emit(tx, subscriptionResumed(facts), at);
    return { state: 'running', paused_at: null, resumes_at: null, ends_at: resumed.ends_at };
  });
}
