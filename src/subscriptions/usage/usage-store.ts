import type { UseCharge } from '#catalog';
import type { SubscriptionId, UseChargeId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import type { Usage } from './usage.ts';

/** Selects the usage of a use charge FOR UPDATE; inserts it with a full quota if it does not exist. */
export async function lockUsage(
  tx: Tx,
  subscription_id: SubscriptionId,
  use: Pick<UseCharge, 'id' | 'quota'>,
  period_started_at: Date,
): Promise<Usage> {
  await tx
    .insertInto('subscription_uses')
    .values({ subscription_id, use_charge_id: use.id, expiring_quota: use.quota, period_started_at })
    .onConflict((conflict) => conflict.columns(['subscription_id', 'use_charge_id']).doNothing())
    .execute();
  return tx
    .selectFrom('subscription_uses')
    .select(['expiring_quota', 'rollover_quota', 'used_quantity', 'period_quantity', 'period_started_at'])
    .where('subscription_id', '=', subscription_id)
    .where('use_charge_id', '=', use.id)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

export async function updateUsage(
  tx: Tx,
  subscription_id: SubscriptionId,
  use: Pick<UseCharge, 'id'>,
  usage: Usage,
): Promise<void> {
  await tx
    .updateTable('subscription_uses')
    .set(usage)
    .where('subscription_id', '=', subscription_id)
    .where('use_charge_id', '=', use.id)
    .execute();
}

/** Uses bought in advance. `quota` is that of the use charge, for a subscription that has no usage yet. */
export interface BoughtUses {
  subscription_id: SubscriptionId;
  use_charge_id: UseChargeId;
  quota: number;
  quantity: number;
}

/** Part that adds uses bought in advance; they are used after the free quota and do not expire. */
export function rolloverQuotas(bought: readonly BoughtUses[]): Part<void> {
  const query = fragment`insert into subscription_uses
      (subscription_id, use_charge_id, expiring_quota, rollover_quota, period_started_at)
    select subscription.id, uses.use_charge_id, max(uses.quota), sum(uses.quantity), subscription.created_at
    from json_to_recordset(${JSON.stringify(bought)}::json) as uses
        (subscription_id bigint, use_charge_id bigint, quota integer, quantity bigint)
      join subscriptions subscription on subscription.id = uses.subscription_id
    group by subscription.id, uses.use_charge_id
    on conflict (subscription_id, use_charge_id)
      do update set rollover_quota = subscription_uses.rollover_quota + excluded.rollover_quota`;
  return { query, read: null };
}

/** Counts the uses of a period that was interrupted in the period in which it runs on, so that no quota is renewed. */
export async function moveUsagePeriod(
  tx: Tx,
  subscription_id: SubscriptionId,
  { from, to }: { from: Date; to: Date },
): Promise<void> {
  await tx
    .updateTable('subscription_uses')
    .set({ period_started_at: to })
    .where('subscription_id', '=', subscription_id)
    .where('period_started_at', '>=', from)
    .execute();
}
