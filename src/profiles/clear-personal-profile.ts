import type { User } from '#accounts';
import type { ProfileId, UserId } from '#platform/db-schema';
import type { Tx } from '#platform/db';
import { findPersonalProfile, lockProfile, updateProfileRow } from './profile-store.ts';
import { deleteRolesOfOthers } from './roles/role-store.ts';

/**
 * Removes what a person who only typed the address of an account may have left for its owner to pay with: the card of the
 * personal profile and the open cart. Supplied by src/app.ts.
 */
export type OnAccountClaimed = (tx: Tx, account: { user_id: UserId; profile_id: ProfileId | null }) => Promise<void>;

/**
 * Removes every role and invitation of other users from the personal profile of a user whose address is proved for the
 * first time. Unless the proof was presented in the user's own session, the contact address and the payment method go too.
 * Locks: the profile's row.
 */
export async function clearPersonalProfile(
  tx: Tx,
  { user, by_session }: { user: User; by_session: boolean },
  onClaimed: OnAccountClaimed,
): Promise<void> {
  const personal = await findPersonalProfile(tx, user.id);
  if (personal) {
    await lockProfile(tx, personal.id);
    await deleteRolesOfOthers(tx, personal.id, user.id);
    if (!by_session) await updateProfileRow(tx, personal.id, { email: user.email ?? '', phone: '' });
  }
  if (!by_session) await onClaimed(tx, { user_id: user.id, profile_id: personal?.id ?? null });
}
