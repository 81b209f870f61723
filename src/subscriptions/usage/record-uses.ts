import type { Plan, UseCharge } from '#catalog';
import type { UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { quotaReached, subscriptionFacts, useChargeLimitCrossed } from '../events.ts';
import type { Subscription } from '../records/index.ts';
import { countUses, quotaPeriod, renewQuota, type Usage } from './usage.ts';
import { lockUsage, updateUsage } from './usage-store.ts';

export interface Uses {
  subscription: Subscription;
  plan: Plan;
  use: UseCharge;
  quantity: number;
  /** Instant of the uses; it selects the plan period that they count in. */
  at: Date;
  originated_by: UserId | null;
}

/**
 * Counts uses of a subscription and returns how many of them are billed. The caller books their price.
 *
 * Locks: the usage row of the use charge, so that concurrent calls never count the same free uses.
 * @see docs/spec/billing.md 3.6
 */
export async function recordUses(tx: Tx, uses: Uses): Promise<{ billed_quantity: number; usage: Usage }> {
  const { subscription, plan, use, at, originated_by } = uses;
  const period = quotaPeriod(subscription, plan, at);
  const locked = await lockUsage(tx, subscription.id, use, period.start_at);
  const counted = countUses(renewQuota(locked, use, period.start_at), use, uses.quantity);
  await updateUsage(tx, subscription.id, use, counted.usage);
  const facts = {
    ...subscriptionFacts(subscription, plan),
    originated_by,
    use_charge: use.slug,
    use_title: use.title,
    used_quantity: counted.usage.period_quantity,
  };
  if (counted.is_quota_reached) await emit(tx, quotaReached(facts), at);
  if (counted.is_limit_crossed) await emit(tx, useChargeLimitCrossed(facts), at);
  return { billed_quantity: counted.billed_quantity, usage: counted.usage };
}
