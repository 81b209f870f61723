import { endOfPeriods, type PeriodType } from '#kernel/period';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';

/**
 * Subscription of a profile to a plan from `created_at` (inclusive) to `ends_at` (exclusive). Boundaries of its periods
 * are `anchor_at` plus or minus whole periods; `anchor_at` is `created_at` unless the subscription was moved.
 *
 * Waits for the provider while `request_key` is set and for the subscriber while `grant_key` is set; both sides have
 * agreed if both are null.
 */
export interface Subscription {
  id: SubscriptionId;
  profile_id: ProfileId;
  plan_id: PlanId;
  created_at: Date;
  anchor_at: Date;
  ends_at: Date;
  auto_renew: boolean;
  description: string | null;
  extra: string | null;
  grant_key: string | null;
  request_key: string | null;
  /** Row of the plan that a change left; null for a subscription that was bought. */
  replaces_id: SubscriptionId | null;
  quantity: number;
  /** End (exclusive) of the trial, also after it. */
  trial_ends_at: Date | null;
  /** When the end at `ends_at` was decided. */
  cancelled_at: Date | null;
  /** Set while the subscription is paused until `resumes_at`: no access and no renewal. */
  paused_at: Date | null;
  resumes_at: Date | null;
  /** Set while unpaid time stands still: no access and no renewal. */
  suspended_at: Date | null;
}

/** Subject of the ledger entries about a subscription, or about the use charge with this slug. */
export function subscriptionSubject(id: SubscriptionId, use_slug = ''): { kind: 'sub'; id: string; part: string } {
  return { kind: 'sub', id: String(id), part: use_slug };
}

/**
 * Returns the subscription that a subject of the ledger is about, itself or one of its uses; null for other subjects.
 */
export function subscriptionIdOf(subject: { kind: string; id: string }): SubscriptionId | null {
  return subject.kind === 'sub' ? (Number(subject.id) as SubscriptionId) : null; // written by subscriptionSubject
}

/** True if both sides agreed to the subscription. */
export function isAgreed(subscription: Pick<Subscription, 'grant_key' | 'request_key'>): boolean {
  return subscription.grant_key === null && subscription.request_key === null;
}

/** True if the subscription stands still: it is paused, or suspended because it is unpaid. */
export function isFrozen({ paused_at, suspended_at }: Pick<Subscription, 'paused_at' | 'suspended_at'>): boolean {
  return paused_at !== null || suspended_at !== null;
}

/** True if the subscription runs at an instant, paused or not. */
export function isActive(subscription: Subscription, at: Date): boolean {
  return isAgreed(subscription) && subscription.created_at <= at && at < subscription.ends_at;
}

/** Returns the end of a subscription after `periods_count` more natural periods. */
export function extendEnd(
  subscription: Pick<Subscription, 'anchor_at' | 'ends_at'>,
  periods_count: number,
  period_type: PeriodType,
): Date {
  return endOfPeriods(subscription.anchor_at, periods_count, period_type, subscription.ends_at);
}

/**
 * Returns the reason why a subscription may not end at an instant, or null.
 *
 * The subscriber may only shorten it, to now at the earliest; the provider may set any end after its beginning.
 */
export function refuseEnd(
  subscription: Pick<Subscription, 'created_at' | 'ends_at'>,
  ends_at: Date,
  terms: { at: Date; may_extend: boolean },
): string | null {
  if (ends_at < subscription.created_at) return 'A subscription cannot end before it began.';
  if (terms.may_extend || ends_at.getTime() === subscription.ends_at.getTime()) return null;
  if (ends_at > subscription.ends_at) return 'Only the provider can extend a subscription.';
  if (ends_at < terms.at) return 'A subscription cannot end in the past.';
  return null;
}

/** True if a subscription is in its trial and no time after the trial was bought. Pure. */
export function isInTrial(
  { trial_ends_at, ends_at }: Pick<Subscription, 'trial_ends_at' | 'ends_at'>,
  at: Date,
): boolean {
  return trial_ends_at !== null && trial_ends_at > at && ends_at <= trial_ends_at;
}

/** Returns the reason why a trial may not end at an instant, or null. Only a running trial moves, to a later end. */
export function refuseTrialEnd(
  subscription: Pick<Subscription, 'trial_ends_at' | 'ends_at'>,
  trial_ends_at: Date,
  at: Date,
): string | null {
  if (!isInTrial(subscription, at)) return 'The subscription is not in a trial.';
  if (subscription.trial_ends_at !== null && trial_ends_at <= subscription.trial_ends_at)
    return 'Choose an end after the present end of the trial.';
  return null;
}

/**
 * Returns the change that sets the end of a subscription; empty without an end. A later end in a trial is that of the
 * trial: the first charge follows it, with the price that was promised. Pure.
 */
export function endChange(
  subscription: Pick<Subscription, 'trial_ends_at' | 'ends_at'>,
  ends_at: Date | undefined,
  at: Date,
): Partial<Pick<Subscription, 'ends_at' | 'anchor_at' | 'trial_ends_at'>> {
  if (ends_at === undefined) return {};
  const { trial_ends_at } = subscription;
  const is_moved = trial_ends_at !== null && isInTrial(subscription, at) && ends_at > trial_ends_at;
  return is_moved ? { ends_at, trial_ends_at: ends_at, anchor_at: ends_at } : { ends_at };
}
