import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findActiveSubscriptionsOf } from '#subscriptions';

/**
 * What a profile is subscribed to at an instant, as the profile's own page and API mention it; with `sellers` the
 * subscriptions to plans of these providers only.
 */
export async function listSubscriptions(
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
