import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userCredentialsChanged } from '../events.ts';
import { mayOpenAccount } from './first-proof.ts';
import { findUserByPhone, updateUserRow } from './user-store.ts';
import type { User } from './user.ts';

/**
 * True if a user only claims a phone number: it was never verified, and the account belongs to the owner of its verified e-mail
 * address. Such a number opens nothing, so that it must not keep its owner from using it either.
 */
export function isPhoneClaim(user: User): boolean {
  return !mayOpenAccount(user, 'phone');
}

/** Removes a phone number from a user who only claims it, and informs that user. */
export async function releasePhoneClaim(tx: Tx, phone: string, at: Date): Promise<void> {
  const claimant = await findUserByPhone(tx, phone);
  if (!claimant || !isPhoneClaim(claimant)) return;
  await updateUserRow(tx, claimant.id, { phone: null, phone_verification_required: false });
  await emit(tx, userCredentialsChanged({ user_id: claimant.id, what: 'phone_removed' }), at);
}
