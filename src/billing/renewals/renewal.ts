import type { Plan } from '#catalog';
import { wholeAmount } from '#kernel/money';
import { endOfPeriods } from '#kernel/period';
import type { SubscriptionId } from '#platform/db/db-schema';
import type { Profile } from '#profiles';
import type { Subscription } from '#subscriptions';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Time before the end of a subscription from which on its renewal is ordered. */
const LEAD_MS = DAY_MS;

/** Most periods of one subscription that one run orders. A plan by the hour that lapsed for a week has 192. */
const PERIODS_MAX = 240;

/** The order of one more plan period. */
export interface Renewal {
  subscription_id: SubscriptionId;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
  /** Natural periods. */
  periods_count: number;
  quantity: number;
  /** Price of today. Units: 1/100 of the plan's unit. */
  amount: number;
}

/** A renewal with what it is about. */
export interface PlannedRenewal {
  renewal: Renewal;
  subscription: Subscription;
  plan: Plan;
  subscriber: Profile;
}

/** Returns the ends of the subscriptions that are due for renewal at an instant. */
export function renewalSpan(at: Date, lapse_days: number): { since: Date; until: Date } {
  return { since: new Date(at.getTime() - lapse_days * DAY_MS), until: new Date(at.getTime() + LEAD_MS) };
}

/** True if a plan is sold by periods that repeat and has a price. */
export function isRenewed(plan: Pick<Plan, 'renewal_type' | 'is_not_priced'>): boolean {
  return plan.renewal_type !== 'one-time' && !plan.is_not_priced;
}

/**
 * Returns the renewals of a subscription that are due at an instant, until it ends more than 24 hours later. Periods
 * are counted from the anchor, so that month ends do not drift; the price is that of today, without coupon or discount.
 * Pure.
 */
export function planRenewals(
  subscription: Pick<Subscription, 'id' | 'anchor_at' | 'ends_at' | 'quantity'>,
  plan: Pick<Plan, 'period_amount' | 'period_type' | 'period_length' | 'unit' | 'renewal_type' | 'is_not_priced'>,
  at: Date,
): Renewal[] {
  if (!isRenewed(plan)) return [];
  const { until } = renewalSpan(at, 0);
  const { id: subscription_id, anchor_at, quantity } = subscription;
  const amount = wholeAmount({ amount: plan.period_amount * quantity, unit: plan.unit });
  const renewals: Renewal[] = [];
  let covers_from = subscription.ends_at;
  while (covers_from <= until && renewals.length < PERIODS_MAX) {
    const covers_to = endOfPeriods(anchor_at, plan.period_length, plan.period_type, covers_from);
    const periods_count = plan.period_length;
    renewals.push({ subscription_id, covers_from, covers_to, periods_count, quantity, amount });
    covers_from = covers_to;
  }
  return renewals;
}
