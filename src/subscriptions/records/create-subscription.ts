import { type Plan, recordFirstSubscription } from '#catalog';
import type { Tx } from '#platform/db/database';
import { insertSubscription, type NewSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** Inserts a subscription to a plan and records the first one on the plan. @throws subscription_overlaps (409) */
export async function createSubscription(
  tx: Tx,
  plan: Pick<Plan, 'id' | 'first_subscribed_at'>,
  row: Omit<NewSubscription, 'plan_id'>,
): Promise<Subscription> {
  const subscription = await insertSubscription(tx, { ...row, plan_id: plan.id });
  if (plan.first_subscribed_at === null) await recordFirstSubscription(tx, plan.id, subscription.created_at);
  return subscription;
}
