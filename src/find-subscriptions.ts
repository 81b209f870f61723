import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findActiveSubscriptionsOf } from '#subscriptions';

/**
 * Finds the subscriptions of a profile that run at an instant, as the API presents them with the profile. With
 * `sellers` only those to plans of these providers.
 */
export async function findSubscriptions(
  reader: Reader,
  profile_id: ProfileId,
  at: Date,
  sellers: readonly ProfileId[] | null,
) {
  const subscriptions = await findActiveSubscriptionsOf(reader, profile_id, at);
  return subscriptions
    .filter(({ provider_id }) => sellers === null || sellers.includes(provider_id))
    .map(({ created_at, ends_at, auto_renew, plan_slug, plan_title }) => ({
      created_at: created_at.toISOString(),
      ends_at: ends_at.toISOString(),
      plan: { slug: plan_slug, title: plan_title },
      auto_renew,
    }));
}
