import { isEmailVerified, type User } from './user.ts';

/**
 * True if a proof of the address is the first one of the account.
 *
 * Until then the account may have been set up by a person who only typed the address. A phone number added to an account
 * whose e-mail address is verified was added by its owner.
 */
export function isFirstProof(
  user: Pick<User, 'email' | 'email_verified_at' | 'phone_verified_at'>,
  channel: 'email' | 'phone',
): boolean {
  if (channel === 'email') return user.email_verified_at === null;
  return user.phone_verified_at === null && !isEmailVerified(user);
}

/**
 * True if the owner of the address may get into the account through it.
 *
 * An unverified phone number on an account with a verified e-mail address is only a claim: it opens nothing.
 */
export function mayOpenAccount(
  user: Pick<User, 'email' | 'email_verified_at' | 'phone' | 'phone_verified_at'>,
  channel: 'email' | 'phone',
): boolean {
  return channel === 'email' || user.phone_verified_at !== null || isFirstProof(user, 'phone');
}
