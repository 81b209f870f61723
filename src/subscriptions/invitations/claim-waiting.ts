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
 * Moves what was granted to an e-mail address to the user who has just verified it: invitations, and subscriptions that
 * wait for consent. They still wait afterwards.
 *
 * Deletes a waiting subscription when the user's own profile has one to the same plan in the same time.
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
