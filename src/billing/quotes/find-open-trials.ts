import { offersTrial, type Plan } from '#catalog';
import type { Reader } from '#platform/db/database';
import type { PlanId } from '#platform/db/db-schema';
import { fingerprintsOnFile } from '#payments';
import { findSpentTrials } from '#subscriptions';
import type { CartOwner } from '../records/index.ts';

/**
 * Finds those of the plans that begin with a trial for the owner of a cart: for a visitor (null) all that offer one,
 * for a user those that no profile of the user had. The checkout decides again for the profile that pays. Sends no
 * query if no plan offers a trial.
 */
export async function findOpenTrials(
  reader: Reader,
  owner: CartOwner | null,
  plans: readonly Plan[],
): Promise<Set<PlanId>> {
  const offered = new Set(plans.filter(offersTrial).map(({ id }) => id));
  if (owner === null || !('user_id' in owner) || offered.size === 0) return offered;
  const spent = await findSpentTrials(reader, owner.user_id, [...offered], fingerprintsOnFile);
  return new Set([...offered].filter((id) => !spent.has(id)));
}
