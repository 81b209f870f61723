import type { Plan } from '#catalog';
import type { Reader } from '#platform/db/database';
import type { Subscription } from '#subscriptions';
import { promisedPrice } from './conversion.ts';
import { findTrialLines } from './trial-line-store.ts';

/** What the end of a trial charges. Units: 1/100 of the unit of the plan. */
export interface TrialCharge {
  /** First period, after the discount of the trial's order. */
  amount: number;
  /** First period without a discount. */
  full_amount: number;
  setup_amount: number;
}

/** Returns what the end of the trial of a subscription charges, as it was promised; null if it has no trial. */
export async function findTrialCharge(
  reader: Reader,
  subscription: Pick<Subscription, 'id' | 'profile_id' | 'anchor_at' | 'quantity'>,
  plan: Plan,
): Promise<TrialCharge | null> {
  const trial = (await findTrialLines(reader, [subscription.id])).get(subscription.id);
  if (!trial) return null;
  const amount = promisedPrice({ subscription, plan, trial });
  return {
    amount,
    full_amount: trial.coupon_id === null ? amount : Math.max(amount, plan.period_amount * subscription.quantity),
    setup_amount: trial.promised_setup_amount ?? 0,
  };
}
