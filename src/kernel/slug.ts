export const SLUG_LENGTH_MAX = 50;

/** Pattern of a slug that a person or a program chooses. */
export const SLUG_PATTERN = '^[-A-Za-z0-9_]{1,50}$';

/**
 * Returns the form in which a name (username, slug of a profile, plan, role type or agreement) is stored and compared:
 * trimmed, in lower case. Only A-Z change, so that no letter of another script becomes a letter of a name.
 */
export function canonicalName(text: string): string {
  return text.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Derives a slug from a title: `My Project` → `my-project`. Letters that do not decompose to a-z are dropped.
 * Empty when no letter is left; the caller then chooses another.
 */
export function slugify(text: string, length_max = SLUG_LENGTH_MAX): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9_\s-]/g, '')
    .replace(/[-\s]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, length_max)
    .replace(/[-_]+$/, '');
}

/** Appends `-` and 7 hexadecimal digits of `randomHex` to a slug, within the maximum length of a slug. */
export function withSuffix(base: string, randomHex: (digits: number) => string): string {
  const digits = randomHex(7);
  if (base === '') return digits;
  return `${base.slice(0, SLUG_LENGTH_MAX - digits.length - 1)}-${digits}`;
}

export function isSlug(text: string): boolean {
  return new RegExp(SLUG_PATTERN).test(text);
}
