import type { Insertable } from 'kysely';
import type { PlanId, ProfileId, TrialUsesTable } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { anyOf, fragment, type Fragment, type Ids } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';

/**
 * Records the trial of a plan. Returns false if the profile or the card used it before; of two transactions with one
 * card the second waits for the first.
 */
export async function recordTrialUse(tx: Tx, row: Insertable<TrialUsesTable>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('trial_uses')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/**
 * Part that finds the plans whose trial was used by a profile or by a card; `fingerprint` is null without a card.
 * Indexes: trial_uses_pkey, trial_uses_card.
 */
export function trialsUsedBy(profile_id: ProfileId, plan_ids: Ids<PlanId>, fingerprint: Fragment): Part<Set<PlanId>> {
  const query = fragment`select plan_id from trial_uses where profile_id = ${profile_id} and plan_id = ${anyOf(plan_ids)}
    union select plan_id from trial_uses where card_fingerprint = ${fingerprint} and plan_id = ${anyOf(plan_ids)}`;
  return { query, read: (rows) => new Set(readRows<{ plan_id: PlanId }>(rows, []).map(({ plan_id }) => plan_id)) };
}

/** Releases trials that did not begin, because their order was not paid. */
export async function releaseTrialUses(tx: Tx, profile_id: ProfileId, plan_ids: readonly PlanId[]): Promise<void> {
  if (plan_ids.length === 0) return;
  await tx.deleteFrom('trial_uses').where('profile_id', '=', profile_id).where('plan_id', 'in', plan_ids).execute();
}
