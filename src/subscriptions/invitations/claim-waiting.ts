import { type User } from '#accounts';
import type { Tx } from '#platform/db/database';
import { claimInvitations } from '#profiles';
import {
  deleteSubscription,
  findSubscriptionsOfProfile,
  lockSubscriptionSlot,
  moveSubscription,
} from '../records/index.ts';

/**
 * Moves the invitations and the pending subscriptions of an e-mail address to the user who has just verified the
 * address. They still require consent afterwards.
 *
 * Deletes a pending subscription if the profile of the user has an overlapping subscription to the same plan.
 * Locks: the waiting profiles, then the slot of each subscription.
 */
export async function claimWaiting(tx: Tx, user: User, at: Date): Promise<void> {
  for (const { from, to } of await claimInvitations(tx, user, at)) {
    const existing = await findSubscriptionsOfProfile(tx, to);
    for (const waiting of await findSubscriptionsOfProfile(tx, from)) {
      await lockSubscriptionSlot(tx, to, waiting.plan_id);
      const overlaps = existing.some(
        (each) =>
          each.plan_id === waiting.plan_id && each.created_at < waiting.ends_at && waiting.created_at < each.ends_at,
      );
      if (overlaps) await deleteSubscription(tx, waiting.id);
      else existing.push(await moveSubscription(tx, waiting.id, to));
    }
  }
}
