import type { Selectable } from 'kysely';
import type { PlanId, ProfileId, SubscriptionId, SubscriptionsTable, UseChargeId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** Finds the rows that changes of plan replaced one after the other, up to a subscription; the oldest first. */
export async function findChain(reader: Reader, id: SubscriptionId): Promise<Subscription[]> {
  // Index: primary key. A change of plan leaves a row, so that the chain is as long as the number of changes.
  const rows = await executeFragment(
    reader,
    fragment<Selectable<SubscriptionsTable> & { depth: number }>`
    with recursive chain as (
      select subscriptions.*, 0 as depth from subscriptions where id = ${id}
      union all
      select older.*, chain.depth + 1 from chain join subscriptions older on older.id = chain.replaces_id
    )
    select * from chain order by depth desc`,
  );
  return rows.map(({ depth: _, ...row }) => readSubscription(row));
}

/** Finds the subscriptions of a profile to a plan, past ones included, without one. Index: subscriptions_profile_id. */
export async function findOtherSubscriptions(
  reader: Reader,
  { profile_id, plan_id }: { profile_id: ProfileId; plan_id: PlanId },
  except: SubscriptionId,
): Promise<Pick<Subscription, 'id' | 'ends_at'>[]> {
  return reader
    .selectFrom('subscriptions')
    .select(['id', 'ends_at'])
    .where('profile_id', '=', profile_id)
    .where('plan_id', '=', plan_id)
    .where('id', '<>', except)
    .execute();
}

/** Uses of one use charge by one subscription. */
export interface CountedUse {
  subscription_id: SubscriptionId;
  use_charge_id: UseChargeId;
  expiring_quota: number;
  rollover_quota: number;
  period_started_at: Date;
}

/** Finds the uses of subscriptions. Index: primary key of subscription_uses. */
export async function findCountedUses(reader: Reader, ids: readonly SubscriptionId[]): Promise<CountedUse[]> {
  if (ids.length === 0) return [];
  return reader
    .selectFrom('subscription_uses')
    .select(['subscription_id', 'use_charge_id', 'expiring_quota', 'rollover_quota', 'period_started_at'])
    .where('subscription_id', 'in', [...new Set(ids)])
    .execute();
}

/** Inserts the free uses and the uses bought in advance that a subscription begins with. */
export async function insertCountedUses(tx: Tx, rows: readonly CountedUse[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto('subscription_uses')
    .values([...rows])
    .execute();
}
