import type { Plan } from '#catalog';
import type { ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';

/** Returns the facts that the events of changes share. */
export function changeFactsOf(
  { from, to, quantity }: { from: Plan; to: Plan; quantity: { from: number; to: number } },
  subscription: { id: SubscriptionId; profile_id: ProfileId },
  originated_by: UserId | null,
) {
  return {
    subscription_id: subscription.id,
    profile_id: subscription.profile_id,
    provider_id: to.profile_id,
    from: { slug: from.slug, title: from.title },
    to: { slug: to.slug, title: to.title },
    quantity,
    unit: to.unit,
    originated_by,
  };
}
