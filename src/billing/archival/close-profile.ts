import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { deleteSavedCard } from '#payments';
import { endAllOfProfile } from '#subscriptions';
import { deletePendingChange } from '../cancellations/index.ts';
import { closeCasesOfArchived } from '../dunning/index.ts';
import { billingProblems } from '../problems.ts';
import { resumeCoverages } from '../recognition/index.ts';
import { findPlannedChanges, hasOpenPayment } from './open-payment-store.ts';

/**
 * Closes what an archived profile bought and sold, in the transaction that archives it. Its subscriptions and those to
 * its plans end; time that stood still is earned as if it ran on, as after a cancellation without a refund. Planned
 * changes and the card on file are deleted, and its dunning cases are closed. What it owes stays due.
 *
 * The caller has locked the profile, so that no order of it is reserved meanwhile. Locks: as `endAllOfProfile`.
 * @throws charge_pending (409) while a payment or a refund of the profile or for its plans is open
 */
async function closeProfile(tx: Tx, profile_id: ProfileId, at: Date): Promise<void> {
  if (await hasOpenPayment(tx, profile_id)) throw billingProblems.charge_pending();
  const changing = await findPlannedChanges(tx, profile_id);
  const stopped = await endAllOfProfile(tx, profile_id, at);
  for (const id of stopped) await resumeCoverages(tx, id, at);
  for (const id of changing) await deletePendingChange(tx, id);
  await closeCasesOfArchived(tx, profile_id, at);
  await deleteSavedCard(tx, profile_id);
}

/** What the room of profiles needs to archive one. */
export const profileClosing = {
  onProfileArchived: closeProfile,
  archival_problems: [billingProblems.charge_pending],
};
