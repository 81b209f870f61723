import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** The payer of a subscription, and whether its charge failed. */
export interface PayerStanding {
  subscription_id: SubscriptionId;
  payer_id: ProfileId;
  /** True if the payer has an open dunning case with the provider. */
  is_past_due: boolean;
}

/**
 * Finds who pays subscriptions, the profile of the newest coverage, and whether that payer has an open case with the
 * provider. A subscription without a coverage is absent. Indexes: coverages_order, dunning_cases_open.
 */
export async function findPayerStandings(
  reader: Reader,
  subscriptions: readonly { subscription_id: SubscriptionId; provider_id: ProfileId }[],
): Promise<PayerStanding[]> {
  if (subscriptions.length === 0) return [];
  const ids = subscriptions.map(({ subscription_id }) => subscription_id);
  const provider_ids = subscriptions.map(({ provider_id }) => provider_id);
  return executeFragment(
    reader,
    fragment<PayerStanding>`
    select given.id as subscription_id, newest.profile_id as payer_id, exists (
      select from dunning_cases where profile_id = newest.profile_id and provider_id = given.provider_id
        and closed_at is null) as is_past_due
    from unnest(${ids}::bigint[], ${provider_ids}::bigint[]) given (id, provider_id) cross join lateral (
      select orders.profile_id from coverages join order_lines line on line.id = coverages.order_line_id
        join orders on orders.id = line.order_id
      where coverages.subscription_id = given.id order by coverages.ends_at desc, line.id desc limit 1
    ) newest`,
  );
}
