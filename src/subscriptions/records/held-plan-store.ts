import { selectPlanPrices } from '#catalog';
import type { PeriodType } from '#kernel/period';
import type { PlanId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { selectHeldRoles, selectProfileNames } from '#profiles';
import { agreedRows } from './subscription-store.ts';
import { type TermState, termState } from './term-state.ts';

/** A plan that a profile of a user holds now. */
export interface HeldPlan {
  /** Slug of the profile. */
  profile: string;
  ends_at: Date;
}

/**
 * Finds the plans that the profiles of a user hold: those with an active subscription on a profile on which the user
 * has a role. Of several profiles with one plan, that with the latest end. Indexes: roles_user_id,
 * subscriptions_profile_id.
 */
export async function findHeldPlans(reader: Reader, user_id: UserId, at: Date): Promise<Map<PlanId, HeldPlan>> {
  const held = selectHeldRoles(reader).where('roles.user_id', '=', user_id);
  const rows = await reader
    .selectFrom('subscriptions')
    .innerJoin(selectProfileNames(reader).as('profile'), 'profile.id', 'subscriptions.profile_id')
    .distinctOn('subscriptions.plan_id')
    .select(['subscriptions.plan_id', 'profile.slug as profile', 'subscriptions.ends_at'])
    .where('subscriptions.profile_id', 'in', (eb) => eb.selectFrom(held.as('held')).select('held.profile_id'))
    .where(agreedRows())
    .where('subscriptions.created_at', '<=', at)
    .where('subscriptions.ends_at', '>', at)
    .orderBy('subscriptions.plan_id')
    .orderBy('subscriptions.ends_at', 'desc')
    .execute();
  return new Map(rows.map(({ plan_id, profile, ends_at }) => [plan_id, { profile, ends_at }]));
}

/** A plan that a profile holds, with its list price in 1/100 of `unit`. */
export interface OwnedPlan {
  subscription_id: SubscriptionId;
  slug: string;
  title: string;
  ends_at: Date;
  period_amount: number;
  unit: string;
  period_type: PeriodType;
  period_length: number;
  /** True if another period can be ordered. */
  is_renewable: boolean;
  quantity: number;
  state: TermState;
  /** End of the trial, or of the pause, while there is one. */
  trial_ends_at: Date | null;
  resumes_at: Date | null;
  auto_renew: boolean;
  pause_days_max: number;
}

/**
 * Finds the plans that a profile holds now, by their end; with `sellers` only those of these providers. Index:
 * subscriptions_profile_id.
 */
export async function findPlansHeldBy(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers: readonly ProfileId[] | null,
): Promise<OwnedPlan[]> {
  const held = reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanPrices(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select(['subscriptions.id as subscription_id', 'plan.slug', 'plan.title', 'subscriptions.ends_at'])
    .select(['plan.period_amount', 'plan.unit', 'plan.period_type', 'plan.period_length', 'plan.is_renewable'])
    .select(['subscriptions.quantity', 'subscriptions.auto_renew', 'subscriptions.trial_ends_at'])
    .select(['subscriptions.paused_at', 'subscriptions.resumes_at', 'subscriptions.suspended_at'])
    .select(['subscriptions.grant_key', 'subscriptions.request_key', 'plan.pause_days_max'])
    .where('subscriptions.profile_id', '=', profile_id)
    .where(agreedRows())
    .where('subscriptions.created_at', '<=', at)
    .where('subscriptions.ends_at', '>', at)
    .orderBy('subscriptions.ends_at')
    .orderBy('subscriptions.id');
  const seen =
    sellers === null ? held : held.where((eb) => eb('plan.profile_id', '=', eb.fn.any(eb.val([...sellers]))));
  const rows = await seen.execute();
  return rows.map((row) => ({ ...row, state: termState(row, at) }));
}
