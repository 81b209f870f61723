import { findPlanIds } from '#catalog';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { findSubscriptionsOf, isActive } from '../records/index.ts';

/** True if the profile has an active subscription to a plan of the provider. One that has ended does not count. */
export async function isCustomer(tx: Tx, profile_id: ProfileId, provider_id: ProfileId, at: Date): Promise<boolean> {
  const subscriptions = await findSubscriptionsOf(tx, [profile_id], await findPlanIds(tx, provider_id));
  return subscriptions.some((each) => isActive(each, at));
}

/**
 * True if a gift of a plan needs no consent of the profile: its provider is the profile itself, the broker, or a
 * provider that the profile has an active subscription to.
 */
export async function isTrustedProvider(
  tx: Tx,
  profile_id: ProfileId,
  provider_id: ProfileId,
  at: Date,
): Promise<boolean> {
  if (provider_id === profile_id || provider_id === (await findSite(tx))?.broker_id) return true;
  return isCustomer(tx, profile_id, provider_id, at);
}
