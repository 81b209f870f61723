import { invalidInput } from '#kernel/problem';
import { emailSpellings, parseEmail } from '#kernel/email';
import { normalizeCode } from '#kernel/text';
import type { Reader } from '#platform/db/database';
import { findProfilesByHandles, type Profile } from '#profiles';
import type { Seat } from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/** Beneficiary of an item: a profile, or a person without an account who gets a code by e-mail. */
export type Beneficiary = { beneficiary: Profile; seat: null } | { beneficiary: null; seat: Seat };

/** Members of an item that name its beneficiary. */
interface BeneficiaryInput {
  sync_on?: string | null | undefined;
  email?: string | null | undefined;
  full_name?: string | undefined;
}

/**
 * Returns the beneficiary of an item: the payer without `sync_on`; a profile of `profiles`, found by slug or verified
 * address; otherwise a person who gets a code. A profile with the address unverified is not a beneficiary.
 * @throws beneficiary_unknown (400)
 */
export function resolveBeneficiary(
  item: BeneficiaryInput,
  payer: Profile,
  profiles: ReadonlyMap<string, Profile>,
): Beneficiary {
  if (!item.sync_on) return { beneficiary: payer, seat: null };
  const profile = profiles.get(item.sync_on);
  if (profile) return { beneficiary: profile, seat: null };
  const email = findAddress(item);
  if (email === null) {
    throw billingProblems.beneficiary_unknown({
      detail: `${item.sync_on} is neither a registered profile nor an e-mail address. Remove the item from the cart.`,
    });
  }
  return { beneficiary: null, seat: { email, full_name: item.full_name ?? '' } };
}

/**
 * Requires that every item names a registered profile or an e-mail address.
 * @throws invalid_input (400) naming `sync_on`
 */
export async function requireReachable(reader: Reader, items: readonly BeneficiaryInput[]): Promise<void> {
  const handles = items.flatMap((item) => (item.sync_on && findAddress(item) === null ? [item.sync_on] : []));
  if (handles.length === 0) return;
  const profiles = await findProfilesByHandles(reader, handles);
  const unknown = handles.filter((handle) => !profiles.has(handle));
  if (unknown.length > 0) {
    throw invalidInput({ sync_on: [`Enter an e-mail address or a registered profile: ${unknown.join(', ')}.`] });
  }
}

/** Normalizes a handle for comparison: removes blanks, normalizes an address, leaves other text unchanged. */
export function normalizeHandle(typed: string): string {
  const handle = normalizeCode(typed);
  return parseEmail(handle) ?? handle;
}

/** Returns all spellings of a handle that the database may contain, in lower case. */
export function expandHandle(typed: string): string[] {
  const handle = normalizeHandle(typed).toLowerCase();
  return parseEmail(handle) === null ? [handle] : emailSpellings(handle);
}

function findAddress({ sync_on, email }: BeneficiaryInput): string | null {
  const addresses = [sync_on, email].map((text) => (text ? parseEmail(text) : null));
  return addresses.find((address) => address !== null) ?? null;
}
