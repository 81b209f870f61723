import type { Insertable } from 'kysely';
import type { PlanId, ProfileId, TrialUsesTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';

/** Finds the plans whose trial a profile has used. */
export async function findTrialsUsed(
  reader: Reader,
  profile_id: ProfileId,
  plan_ids: readonly PlanId[],
): Promise<Set<PlanId>> {
  if (plan_ids.length === 0) return new Set();
  const rows = await reader
    .selectFrom('trial_uses')
    .select('plan_id')
    .where('profile_id', '=', profile_id)
    .where('plan_id', 'in', [...new Set(plan_ids)])
    .execute();
  return new Set(rows.map(({ plan_id }) => plan_id));
}

/** True if a card was used for a trial of the plan. Index: trial_uses_card. */
export async function isCardUsedForTrial(reader: Reader, plan_id: PlanId, card_fingerprint: string): Promise<boolean> {
  const row = await reader
    .selectFrom('trial_uses')
    .select('plan_id')
    .where('plan_id', '=', plan_id)
    .where('card_fingerprint', '=', card_fingerprint)
    .executeTakeFirst();
  return row !== undefined;
}

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
