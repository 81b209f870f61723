import { planIdsOf, type Plan } from '#catalog';
import type { ProfileId } from '#platform/db-schema';
import type { Tx } from '#platform/db';
import { findSite } from '#platform/site';
import { findSubscriptionsOf } from './subscription-store.ts';
import { isAgreed } from './subscription.ts';

/** Says whether a provider stands well with a profile already: as the operator of the site, or by an earlier agreement. */
export async function isTrustedProvider(
  tx: Tx,
  profile_id: ProfileId,
  { profile_id: provider_id }: Pick<Plan, 'profile_id'>,
): Promise<boolean> {
  if (provider_id === profile_id || provider_id === (await findSite(tx))?.broker_id) return true;
  const former = await findSubscriptionsOf(tx, [profile_id], await planIdsOf(tx, provider_id));
  return former.some(isAgreed);
}
