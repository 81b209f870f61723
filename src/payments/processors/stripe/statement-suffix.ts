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
