import { findProfileById, profileName } from '#profiles';
import type { ProfileId } from '#platform/db/db-schema';
import type { StripeNeeds } from './stripe-needs.ts';

/** Length of the whole descriptor on a statement of the card: prefix of the account, `* `, suffix. */
const DESCRIPTOR_MAX = 22;

/** Longest suffix that fits beside any prefix (at most 10 characters). */
const SUFFIX_MAX = DESCRIPTOR_MAX - 2 - 10;

/**
 * Returns a name as the suffix of the statement of a card; undefined if no letter of it can be printed.
 * Stripe refuses `< > \ ' " *` and any letter that is not Latin.
 */
export function statementSuffix(name: string): string | undefined {
  const printable = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9 .-]+/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, SUFFIX_MAX)
    .trim();
  return /[A-Za-z]/.test(printable) ? printable : undefined;
}

/**
 * Returns the name of the provider as the statement of the card shows it; undefined for several providers, because the
 * statement then shows the account that holds the money, which is the broker's.
 */
export async function suffixOf({ db }: StripeNeeds, provider_id: ProfileId | null): Promise<string | undefined> {
  const provider = provider_id === null ? undefined : await findProfileById(db, provider_id);
  return provider && statementSuffix(profileName(provider));
}

/** The parameter of a payment with a suffix; empty without one. */
export function suffixParam(suffix: string | undefined): { statement_descriptor_suffix?: string } {
  return suffix === undefined ? {} : { statement_descriptor_suffix: suffix };
}
