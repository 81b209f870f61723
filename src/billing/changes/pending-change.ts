import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { lockProfile } from '#profiles';
import { lockSubscriptions } from '#subscriptions';
import { billingProblems } from '../problems.ts';
import { type ChangeTarget, getSubscription } from './load-change.ts';
import {
  deletePendingChange,
  findPendingChange,
  lockPendingChange,
  type PendingChange,
} from './pending-change-store.ts';

/** Returns the pending change of a subscription. @throws subscription_unknown, change_unknown (404) */
export async function getPending(ctx: Context, target: ChangeTarget): Promise<PendingChange> {
  const { subscription } = await getSubscription(ctx.db, target, ctx.clock.now());
  const pending = await findPendingChange(ctx.db, subscription.id);
  if (!pending) throw billingProblems.change_unknown();
  return pending;
}

/**
 * Withdraws the pending change of a subscription until its order is written. Renewal and cancellation stay as they are.
 *
 * Locks: the subscriber's profile, then the subscription.
 * @throws subscription_unknown, change_unknown (404), change_begun (409)
 */
export async function withdrawChange(ctx: Context, target: ChangeTarget): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, target.subscriber.id);
    const { subscription } = await getSubscription(tx, target, ctx.clock.now());
    await lockSubscriptions(tx, [subscription.id]);
    const pending = await lockPendingChange(tx, subscription.id);
    if (!pending) throw billingProblems.change_unknown();
    if (pending.order_id !== null) throw billingProblems.change_begun();
    await deletePendingChange(tx, subscription.id);
  });
}
