import { isEmailVerified, type User } from './user.ts';

/**
 * True if a proof of the address is the first one of the account.
 *
 * Until then a person who does not own the address may have set up the account. A phone number on an account with a
 * verified e-mail address was added by the owner of that address.
 */
export function isFirstProof(
  user: Pick<User, 'email' | 'email_verified_at' | 'phone_verified_at'>,
  channel: 'email' | 'phone',
): boolean {
  if (channel === 'email') return user.email_verified_at === null;
  return user.phone_verified_at === null && !isEmailVerified(user);
}

/**
 * True if a proof of the address may give access to the account.
 *
 * An unverified phone number on an account with a verified e-mail address does not give access.
 */
export function mayOpenAccount(
  user: Pick<User, 'email' | 'email_verified_at' | 'phone' | 'phone_verified_at'>,
  channel: 'email' | 'phone',
): boolean {
  return channel === 'email' || user.phone_verified_at !== null || isFirstProof(user, 'phone');
}
