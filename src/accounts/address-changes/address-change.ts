export type Channel = 'email' | 'phone';

/** Requested change of one address. */
export interface AddressChange {
  channel: Channel;
  from: string | null;
  /** Null removes the address. */
  to: string | null;
  code: string | number | undefined;
}

/**
 * Returns what a request does to one address; null if nothing.
 *
 * `request` sends a code to the new address. The new address replaces the present one, verified or not, once the code
 * is entered. `confirm` enters such a code, or a code for the present address.
 */
export function decideAddressChange(change: AddressChange): 'request' | 'confirm' | 'remove' | null {
  const { from, to, code } = change;
  if (to !== null && code !== undefined) return 'confirm';
  if (to === from) return null;
  return to === null ? 'remove' : 'request';
}
