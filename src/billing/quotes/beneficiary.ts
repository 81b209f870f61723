import { invalidInput } from '#kernel/problem';
import { emailSpellings, parseEmail } from '#kernel/email';
import { normalizeCode } from '#kernel/text';
import type { Reader } from '#platform/db/database';
import { findProfilesByHandles, type Profile } from '#profiles';
import type { Seat } from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/** Whom an item is for: a profile, or a person without an account who gets a code by e-mail. */
export type Beneficiary = { beneficiary: Profile; seat: null } | { beneficiary: null; seat: Seat };

interface Named {
  sync_on?: string | null | undefined;
  email?: string | null | undefined;
  full_name?: string | undefined;
}

/**
 * Resolves whom an item is for. `known` are the profiles found by handle: by slug, or by an address that they verified.
 * Any other address gets a code. It is never matched with a profile that merely carries the address.
 * @throws beneficiary_unknown (400)
 */
export function beneficiaryOf(item: Named, payer: Profile, known: ReadonlyMap<string, Profile>): Beneficiary {
  if (!item.sync_on) return { beneficiary: payer, seat: null };
  const profile = known.get(item.sync_on);
  if (profile) return { beneficiary: profile, seat: null };
  const email = addressOf(item);
  if (email === null) {
    throw billingProblems.beneficiary_unknown({
      detail: `${item.sync_on} is neither a registered profile nor an e-mail address. Remove the item from the cart.`,
    });
  }
  return { beneficiary: null, seat: { email, full_name: item.full_name ?? '' } };
}

/**
 * Checks that every named person can be reached.
 * @throws invalid_input (400) naming `sync_on`
 */
export async function requireReachable(reader: Reader, items: readonly Named[]): Promise<void> {
  const handles = items.flatMap((item) => (item.sync_on && addressOf(item) === null ? [item.sync_on] : []));
  if (handles.length === 0) return;
  const known = await findProfilesByHandles(reader, handles);
  const unknown = handles.filter((handle) => !known.has(handle));
  if (unknown.length > 0) {
    throw invalidInput({ sync_on: [`Enter an e-mail address or a registered profile: ${unknown.join(', ')}.`] });
  }
}

/** Writes a handle as it is compared: without blanks, an address in its one spelling, anything else as typed. */
export function cleanHandle(typed: string): string {
  const handle = normalizeCode(typed);
  return parseEmail(handle) ?? handle;
}

/** All forms in which a handle may have been stored, in lower case. */
export function handleSpellings(typed: string): string[] {
  const handle = cleanHandle(typed).toLowerCase();
  return parseEmail(handle) === null ? [handle] : emailSpellings(handle);
}

function addressOf({ sync_on, email }: Named): string | null {
  const addresses = [sync_on, email].map((text) => (text ? parseEmail(text) : null));
  return addresses.find((address) => address !== null) ?? null;
}
