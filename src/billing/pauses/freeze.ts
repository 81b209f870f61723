import { postEvent } from '#ledger';
import { periodContaining } from '#kernel/period';
import type { Plan } from '#catalog';
import type { DunningCaseId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import {
  insertPause,
  moveUsagePeriod,
  type Pause,
  type Subscription,
  updatePause,
  updateSubscription,
} from '#subscriptions';
import { findCoverages, freezeCoverages, resumeCoverages } from '../recognition/index.ts';
import { endFrom, type StoppedTime, stoppedTime } from './pause.ts';

/** Why and how long a subscription stands still. */
export interface Freezing {
  kind: Pause['kind'];
  at: Date;
  /** End of a pause; null for a suspension, whose end is the payment. */
  resumes_at: Date | null;
  /** Lists show the subscription as running until this instant and the rest of its time. */
  listed_until: Date;
  /** Instant up to which its time is earned: `at`, or earlier when nothing was ever paid for it. */
  earned_until?: Date;
  /** The case of a suspension. */
  dunning_case_id?: DunningCaseId;
  reason?: string | null;
  created_by?: UserId | null;
  /** The planned pause that begins; a new one when omitted. */
  planned?: Pause;
}

/**
 * Stops the time of a subscription that runs: recognises income up to `at` and keeps the rest of its time until it
 * resumes. A pause and a suspension for want of payment are the same operation. It ends after `listed_until` and that
 * rest, so that lists show it as running.
 *
 * Locks: as `closeCoverages`. The caller has locked the subscription.
 */
export async function freezeSubscription(
  tx: Tx,
  subscription: Subscription,
  { kind, at, resumes_at, listed_until, earned_until = at, planned, ...about }: Freezing,
): Promise<{ subscription: Subscription; pause: Pause }> {
  const { entries } = await freezeCoverages(tx, subscription.id, earned_until);
  const rest_ms = Math.max(0, subscription.ends_at.getTime() - earned_until.getTime());
  const begun = { state: 'running', starts_at: at, resumes_at, rest_ms } as const;
  const pause = planned
    ? await updatePause(tx, planned.id, begun)
    : await insertPause(tx, { ...begun, ...about, subscription_id: subscription.id, kind, created_at: at });
  if (entries.length > 0)
    await postEvent(tx, {
      key: `pause:${pause.id}`,
      kind: kind === 'pause' ? 'recognition' : 'suspension',
      at,
      entries,
    });
  const stopped = await updateSubscription(tx, subscription.id, {
    ...(kind === 'pause' ? { paused_at: at, resumes_at } : { suspended_at: at }),
    ends_at: new Date(listed_until.getTime() + rest_ms),
  });
  return { subscription: stopped, pause };
}

/**
 * Stops the time that was bought while a subscription stood still, with the rest of its time, which it follows.
 * `listed_until` is that of the freezing. Returns the time that stands still then.
 *
 * Such time begins at the end that was listed. When a provider set that end before the resumption, a job may have
 * recognised a part of it, which stays income.
 *
 * The caller has locked the subscription. Locks: as `closeCoverages`.
 */
export async function freezeBought(
  tx: Tx,
  subscription: Subscription,
  pause: Pause,
  listed_until: Date,
): Promise<StoppedTime> {
  const stopped_ms = pause.rest_ms ?? 0;
  // All other coverages ended when the time stopped.
  const open = await findCoverages(tx, subscription.id, pause.starts_at);
  const bought = open.filter(({ starts_at, ends_at }) => ends_at > starts_at);
  if (bought.length === 0) return stoppedTime(subscription, stopped_ms, new Date(listed_until.getTime() + stopped_ms));
  const listed_end = Math.max(...bought.map(({ ends_at }) => ends_at.getTime()));
  const from = new Date(
    Math.max(
      Math.min(...bought.map(({ starts_at }) => starts_at.getTime())),
      ...bought.flatMap(({ recognised_until }) => recognised_until?.getTime() ?? []),
    ),
  );
  const after_ms = Math.max(stopped_ms, from.getTime() - listed_until.getTime());
  const { entries, rest_ms } = await freezeCoverages(tx, subscription.id, from, after_ms);
  if (entries.length > 0)
    await postEvent(tx, {
      key: `pause:${pause.id}:${from.toISOString()}`,
      kind: 'recognition',
      at: from,
      entries,
    });
  await updatePause(tx, pause.id, { rest_ms });
  return stoppedTime(subscription, rest_ms, new Date(listed_end));
}

/**
 * Lets the time of a subscription run on from `at`, with what was bought since it stopped. Its periods are counted from
 * its new end, at which it renews. Free uses of the interrupted period are not granted again.
 *
 * A subscription whose end was set before `at` has ended and does not resume: its time is earned as if it ran on, as
 * after a cancellation without a refund. Returns null.
 *
 * The caller has locked the subscription.
 */
export async function thawSubscription(
  tx: Tx,
  subscription: Subscription,
  plan: Pick<Plan, 'period_type' | 'period_length'>,
  { pause, listed_until, at }: { pause: Pause; listed_until: Date; at: Date },
): Promise<Subscription | null> {
  const running = { paused_at: null, resumes_at: null, suspended_at: null };
  if (subscription.ends_at < at) {
    const ended_at = subscription.ends_at > pause.starts_at ? subscription.ends_at : pause.starts_at;
    await resumeCoverages(tx, subscription.id, ended_at);
    await updatePause(tx, pause.id, { state: 'ended', resumed_at: ended_at });
    await updateSubscription(tx, subscription.id, { ...running, auto_renew: false });
    return null;
  }
  const ends_at = endFrom(await freezeBought(tx, subscription, pause, listed_until), at);
  await resumeCoverages(tx, subscription.id, at);
  const periodAt = (anchor_at: Date, instant: Date) =>
    periodContaining(anchor_at, plan.period_type, plan.period_length, instant).start_at;
  if (ends_at > at)
    await moveUsagePeriod(tx, subscription.id, {
      from: periodAt(subscription.anchor_at, pause.starts_at),
      to: periodAt(ends_at, at),
    });
  await updatePause(tx, pause.id, { state: 'ended', resumed_at: at });
  return updateSubscription(tx, subscription.id, { ...running, ends_at, anchor_at: ends_at });
}
