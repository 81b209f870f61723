import { planIdsOf, type Plan } from '#catalog';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { findSubscriptionsOf } from './subscription-store.ts';
import { isActive } from './subscription.ts';

/**
 * True if a gift of a provider's plan needs no consent of the profile: the provider runs the site, or the profile has an active
 * subscription of it. One that ended is no agreement: who left a provider is not bound to it again by others.
 */
export async function isTrustedProvider(
  tx: Tx,
  profile_id: ProfileId,
  { profile_id: provider_id }: Pick<Plan, 'profile_id'>,
  at: Date,
): Promise<boolean> {
  if (provider_id === profile_id || provider_id === (await findSite(tx))?.broker_id) return true;
  const held = await findSubscriptionsOf(tx, [profile_id], await planIdsOf(tx, provider_id));
  return held.some((each) => isActive(each, at));
}
