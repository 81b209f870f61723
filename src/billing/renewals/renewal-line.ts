import { profileName, profileType } from '#profiles';
import { toSubjectColumns } from '#ledger';
import { subscriptionSubject } from '#subscriptions';
import { describePeriods } from '../quotes/index.ts';
import type { PlannedRenewal } from './renewal.ts';
import type { RenewalLine } from './renewal-store.ts';

/** Returns the row of the order line of a renewal. Pure. */
export function renewalLine(
  { renewal, plan, subscriber }: PlannedRenewal,
  rank: number,
): Omit<RenewalLine, 'credit_used'> {
  const { subscription_id, covers_from, covers_to, periods_count, quantity, amount } = renewal;
  const { period_type, unit } = plan;
  const periods = describePeriods(plan, { periods_count, period_type, covers_from, covers_to });
  // The documented text names the subscriber unless it is a person.
  const description_suffix = profileType(subscriber) === 'personal' ? '' : ` - ${profileName(subscriber)}`;
  return {
    rank,
    kind: 'period',
    provider_id: plan.profile_id,
    beneficiary_id: subscriber.id,
    claim_email: null,
    claim_full_name: '',
    plan_id: plan.id,
    subscription_id,
    quantity,
    periods_count,
    period_type,
    covers_from,
    covers_to,
    full_amount: amount,
    amount,
    recurring_amount: amount,
    recurring_periods: periods_count,
    unit,
    broker_fee_percent: plan.broker_fee_percent,
    description: `${periods}${description_suffix}`,
    description_suffix,
    ...toSubjectColumns(subscriptionSubject(subscription_id)),
    renews_from: covers_from,
  };
}
