import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userCredentialsChanged } from '../events.ts';
import { mayOpenAccount } from './first-proof.ts';
import { findUserByPhone, updateUserRow } from './user-store.ts';
import type { User } from './user.ts';

/**
 * True if the user never verified the phone number and has a verified e-mail address. Such a number gives no access to
 * the account, and does not keep the owner of the number from using it.
 */
export function isPhoneClaim(user: User): boolean {
  return !mayOpenAccount(user, 'phone');
}

/** Removes a phone number from a user who never verified it; emits `user_credentials_changed`. */
export async function releasePhoneClaim(tx: Tx, phone: string, at: Date): Promise<void> {
  const claimant = await findUserByPhone(tx, phone);
  if (!claimant || !isPhoneClaim(claimant)) return;
  await updateUserRow(tx, claimant.id, { phone: null, phone_verification_required: false });
  await emit(tx, userCredentialsChanged({ user_id: claimant.id, what: 'phone_removed' }), at);
}
