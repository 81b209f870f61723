export const SLUG_LENGTH_MAX = 50;

/** What a slug may look like wherever a person or a program chooses one. */
export const SLUG_PATTERN = '^[-A-Za-z0-9_]{1,50}$';

/**
 * The form in which a name (username, slug of a profile, plan, role type or agreement) is stored and compared: trimmed, with
 * lower-case letters. Only A-Z change: no letter of another script becomes one of a name.
 */
export function canonicalName(text: string): string {
  return text.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Makes a slug of a title: `My Project` → `my-project`. Letters that do not come down to a-z are dropped.
 * Empty when nothing is left: the caller decides what stands in.
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

/** Appends `-` and 7 hexadecimal digits to a slug that is taken, within the length of a slug. `randomHex` brings the digits. */
export function withSuffix(base: string, randomHex: (digits: number) => string): string {
  const digits = randomHex(7);
  if (base === '') return digits;
  return `${base.slice(0, SLUG_LENGTH_MAX - digits.length - 1)}-${digits}`;
}

export function isSlug(text: string): boolean {
  return new RegExp(SLUG_PATTERN).test(text);
}
