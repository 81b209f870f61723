import type { User } from '../identity/index.ts';

export type Channel = 'email' | 'phone';

/** A change that a request asks for on one address. */
export interface AddressChange {
  channel: Channel;
  from: string | null;
  /** Null removes the address. */
  to: string | null;
  code: string | number | undefined;
}

/**
 * Decides what a request does to one address; null when it does nothing.
 *
 * `request` sends a code to the new address, which takes the place of the present one when the code comes back: also for an
 * address that was never verified. `confirm` presents such a code, or one for the present address.
 */
export function decideAddressChange(change: AddressChange): 'request' | 'confirm' | 'remove' | null {
  const { from, to, code } = change;
  if (to !== null && code !== undefined) return 'confirm';
  if (to === from) return null;
  return to === null ? 'remove' : 'request';
}

/** True if the address may be removed: an account keeps at least one address, and a verified one is only replaced. */
export function mayRemoveAddress(
  user: Pick<User, 'email' | 'email_verified_at' | 'phone' | 'phone_verified_at'>,
  channel: Channel,
): boolean {
  if (channel === 'email') return user.email_verified_at === null && user.phone !== null;
  return user.phone_verified_at === null || user.email_verified_at !== null;
}
