import { type User } from '#accounts';
import type { Tx } from '#platform/db/database';
import { claimInvitations } from '#profiles';
import { deleteSubscription, findSubscriptionsOfProfile, lockPlace, moveSubscription } from './subscription-store.ts';

/**
 * Gives a user who has just verified an e-mail address what was granted for that address before: invitations, and
 * subscriptions that wait for consent. Nothing takes effect by it.
 *
 * A waiting subscription to a plan that the user's own profile holds in that time is deleted: there is nothing to agree to.
 * Locks: the waiting profiles, then the place of each subscription.
 */
export async function claimWaiting(tx: Tx, user: User, at: Date): Promise<void> {
  for (const { from, to } of await claimInvitations(tx, user, at)) {
    const held = await findSubscriptionsOfProfile(tx, to);
    for (const waiting of await findSubscriptionsOfProfile(tx, from)) {
      await lockPlace(tx, to, waiting.plan_id);
      const overlaps = held.some(
        (each) =>
          each.plan_id === waiting.plan_id && each.created_at < waiting.ends_at && waiting.created_at < each.ends_at,
      );
      if (overlaps) await deleteSubscription(tx, waiting.id);
      else held.push(await moveSubscription(tx, waiting.id, to));
    }
  }
}
