import type { User } from '#accounts';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import {
  deleteRole,
  deleteRolesOfOthers,
  findManagerIds,
  findPersonalProfile,
  lockProfile,
  lockProfilesMadeBy,
  lockRole,
  type Profile,
  updateProfileRow,
  withdrawConsents,
} from '../records/index.ts';
import { makeManager } from './create-profile.ts';

/**
 * Removes what a person who only typed the address of an account may have left to its owner in other rooms: the cards of the
 * profiles, the open cart and the choice of notifications. Supplied by src/app.ts.
 */
export type OnAccountClaimed = (
  tx: Tx,
  account: { user_id: UserId; profile_ids: readonly ProfileId[] },
) => Promise<void>;

/**
 * Removes every role and invitation of other users from the personal profile of a user whose address is proved for the
 * first time, and gives the user the manager role if another manager removed it. Unless the proof was presented in the user's own session, the same holds for the organizations that the account
 * made, the contact address and the payment methods go too, and no role that was accepted before counts as consent.
 * Locks: the rows of the profiles.
 */
export async function clearPersonalProfile(
  tx: Tx,
  { user, by_session }: { user: User; by_session: boolean },
  at: Date,
  onClaimed: OnAccountClaimed,
): Promise<void> {
  const personal = await findPersonalProfile(tx, user.id);
  const cleared: ProfileId[] = [];
  if (personal) {
    await lockProfile(tx, personal.id);
    await deleteRolesOfOthers(tx, personal.id, user.id);
    await restoreOwner(tx, personal, user, at);
    if (!by_session) await updateProfileRow(tx, personal.id, { email: user.email ?? '', phone: '' });
    cleared.push(personal.id);
  }
  if (by_session) return;
  for (const profile_id of await lockProfilesMadeBy(tx, user.id)) {
    await deleteRolesOfOthers(tx, profile_id, user.id);
    cleared.push(profile_id);
  }
  await withdrawConsents(tx, user.id);
  await onClaimed(tx, { user_id: user.id, profile_ids: cleared });
}

async function restoreOwner(tx: Tx, personal: Profile, user: User, at: Date): Promise<void> {
  if ((await findManagerIds(tx, personal.id)).includes(user.id)) return;
  const role = await lockRole(tx, personal.id, user.id);
  if (role) await deleteRole(tx, role.id);
  await makeManager(tx, personal, user, at);
}
