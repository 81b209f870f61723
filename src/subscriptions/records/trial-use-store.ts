import type { Insertable } from 'kysely';
import type { PlanId, ProfileId, TrialUsesTable, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { anyOf, executeFragment, fragment, type Fragment, type Ids, queryFragment } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';
import { selectHeldRoles } from '#profiles';

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

const heldBy = queryFragment((reader, user_id: UserId) =>
  selectHeldRoles(reader).clearSelect().select('roles.profile_id').where('roles.user_id', '=', user_id),
);

/**
 * Finds those of the plans whose trial a user cannot begin: a profile on which the user has a role had the plan or its
 * trial, or its card on file had the trial. `cardsOf` selects the fingerprints of the cards of the profiles that an
 * expression selects. Indexes: roles_user_id, trial_uses_pkey, subscriptions_profile_id, trial_uses_card.
 */
export async function findSpentTrials(
  reader: Reader,
  user_id: UserId,
  plan_ids: readonly PlanId[],
  cardsOf: (profiles: Fragment) => Fragment,
): Promise<Set<PlanId>> {
  const held = fragment`(select profile_id from held)`;
  const rows = await executeFragment(
    reader,
    fragment<{ plan_id: PlanId }>`with held as (${heldBy(reader, user_id)})
      select plan_id from trial_uses where profile_id in ${held} and plan_id = ${anyOf(plan_ids)}
      union select plan_id from subscriptions where profile_id in ${held} and plan_id = ${anyOf(plan_ids)}
      union select plan_id from trial_uses where card_fingerprint in ${cardsOf(held)} and plan_id = ${anyOf(plan_ids)}`,
  );
  return new Set(rows.map(({ plan_id }) => plan_id));
}

/** Releases trials that did not begin, because their order was not paid. */
export async function releaseTrialUses(tx: Tx, profile_id: ProfileId, plan_ids: readonly PlanId[]): Promise<void> {
  if (plan_ids.length === 0) return;
  await tx.deleteFrom('trial_uses').where('profile_id', '=', profile_id).where('plan_id', 'in', plan_ids).execute();
}
