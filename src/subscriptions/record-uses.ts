import type { Plan, UseCharge } from '#catalog';
import { periodContaining } from '#kernel/period';
import type { SubscriptionId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { quotaReached, useChargeLimitCrossed } from './events.ts';
import { findSubscriptionsByIds } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';
import { countUses, renewQuota, type Usage } from './usage.ts';
import { lockUsage, updateUsage } from './usage-store.ts';

export interface Uses {
  subscription: Subscription;
  plan: Plan;
  use: UseCharge;
  quantity: number;
  /** When they were used: it says which plan period they belong to. */
  at: Date;
  originated_by: UserId | null;
}

/**
 * Counts uses of a subscription and tells how many of them are billed; what they cost is for the caller to book.
 *
 * Locks: the row of the use, so that two calls never take the same free uses.
 * @see spec/billing.md 3.6
 */
export async function recordUses(tx: Tx, uses: Uses): Promise<{ billed_quantity: number; usage: Usage }> {
  const { subscription, plan, use, at } = uses;
  const period = periodContaining(subscription.created_at, plan.period_type, plan.period_length, at);
  const held = await lockUsage(tx, subscription.id, use, period.start_at);
  const counted = countUses(renewQuota(held, use, period.start_at), use, uses.quantity);
  await updateUsage(tx, subscription.id, use, counted.usage);
  const payload = {
    subscription_id: subscription.id,
    profile_id: subscription.profile_id,
    plan_id: plan.id,
    plan: { slug: plan.slug, title: plan.title },
    provider_id: plan.profile_id,
    originated_by: uses.originated_by,
    use_charge: use.slug,
    used_quantity: counted.usage.period_quantity,
  };
  if (counted.is_quota_reached) await emit(tx, quotaReached(payload), at);
  if (counted.is_limit_crossed) await emit(tx, useChargeLimitCrossed(payload), at);
  return { billed_quantity: counted.billed_quantity, usage: counted.usage };
}

/** Adds uses that were bought in advance: they add up, however often somebody buys. */
export async function addRolloverQuota(
  tx: Tx,
  subscription_id: SubscriptionId,
  use: UseCharge,
  quantity: number,
): Promise<void> {
  const subscription = (await findSubscriptionsByIds(tx, [subscription_id])).get(subscription_id);
  if (!subscription) throw new Error(`no subscription ${subscription_id} to add uses to`);
  const usage = await lockUsage(tx, subscription_id, use, subscription.created_at);
  await updateUsage(tx, subscription_id, use, { ...usage, rollover_quota: usage.rollover_quota + quantity });
}
