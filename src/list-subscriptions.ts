import { findPlansByIds } from '#catalog';
import type { ProfileId } from '#platform/db-schema';
import type { Reader } from '#platform/db';
import { findActiveSubscriptionsOf } from '#subscriptions';

/** What a profile is subscribed to at an instant, as the profile's own page and API mention it. */
export async function listSubscriptions(reader: Reader, profile_id: ProfileId, at: Date) {
  const subscriptions = await findActiveSubscriptionsOf(reader, profile_id, at);
  const plans = await findPlansByIds(
    reader,
    subscriptions.map((subscription) => subscription.plan_id),
  );
  return subscriptions.flatMap(({ plan_id, created_at, ends_at, auto_renew }) => {
    const plan = plans.get(plan_id);
    if (!plan) return [];
    const { slug, title } = plan;
    return [
      { created_at: created_at.toISOString(), ends_at: ends_at.toISOString(), plan: { slug, title }, auto_renew },
    ];
  });
}
