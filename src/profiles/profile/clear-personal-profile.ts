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
 * Removes the rows of other rooms that a user may have left before the address of the account was verified: the cards
 * of the profiles, the open cart and the choice of notifications. Injected by src/app.ts.
 */
export type OnAccountClaimed = (
  tx: Tx,
  account: { user_id: UserId; profile_ids: readonly ProfileId[] },
) => Promise<void>;

/**
 * Clears the personal profile of a user whose address is verified for the first time: deletes every role and invitation
 * of other users, and restores the manager role of the user.
 *
 * If the address was verified outside a session of the user (`by_session` false), the account may have been created by
 * a person without access to the address. Then the organizations that the account created are cleared as well, the
 * contact data and payment methods are removed, and roles that were accepted before no longer count as consent.
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
