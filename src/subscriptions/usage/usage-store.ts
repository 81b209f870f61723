import type { UseCharge } from '#catalog';
import type { SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
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
