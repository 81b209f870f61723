import type { User } from '../identity/index.ts';
import type { Channel } from './address-change.ts';

/** True if the address may be removed: a user keeps at least one address, and a verified one can only be replaced. */
export function mayRemoveAddress(
  user: Pick<User, 'email' | 'email_verified_at' | 'phone' | 'phone_verified_at'>,
  channel: Channel,
): boolean {
  if (channel === 'email') return user.email_verified_at === null && user.phone !== null;
  return user.phone_verified_at === null || user.email_verified_at !== null;
}
