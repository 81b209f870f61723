import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { findProvided, isActive } from '../records/index.ts';

/** True if the profile has an active subscription to a plan of the provider. One that has ended does not count. */
export async function isCustomer(tx: Tx, profile_id: ProfileId, provider_id: ProfileId, at: Date): Promise<boolean> {
  return (await findProvided(tx, [profile_id], [provider_id])).some((each) => isActive(each, at));
}

/**
 * Loads which gifts need no consent of the profile: their provider is the profile itself, the broker, or a provider
 * that the profile has an active subscription to.
 */
export async function findTrustedProviders(
  tx: Tx,
  gifts: readonly { profile_id: ProfileId; provider_id: ProfileId }[],
  at: Date,
): Promise<(profile_id: ProfileId, provider_id: ProfileId) => boolean> {
  if (gifts.length === 0) return () => false;
  const broker_id = (await findSite(tx))?.broker_id;
  const provided = await findProvided(
    tx,
    gifts.map(({ profile_id }) => profile_id),
    gifts.map(({ provider_id }) => provider_id),
  );
  return (profile_id, provider_id) =>
    provider_id === profile_id ||
    provider_id === broker_id ||
    provided.some((each) => each.profile_id === profile_id && each.provider_id === provider_id && isActive(each, at));
}
