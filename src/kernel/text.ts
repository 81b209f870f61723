export interface NameParts {
  first: string;
  middle: string;
  last: string;
}

/**
 * Splits a full name into words: the first word is the first name (`El` includes the next word), the last word the last
 * name (`I`, `II` and `III` include the previous word), the rest the middle names. A single word is the first name.
 */
export function splitFullName(full_name: string): NameParts {
  const words = full_name.split(/\s+/).filter((word) => word !== '');
  const firsts = words.splice(0, words[0] === 'El' ? 2 : 1);
  const isNumbered = words.length > 1 && /^I{1,3}$/.test(words.at(-1) ?? '');
  const lasts = words.splice(isNumbered ? -2 : -1);
  return { first: firsts.join(' '), middle: words.join(' '), last: lasts.join(' ') };
}

/** Cuts a text to `length_max` UTF-16 units, without half of a character at the end, which JSON refuses. */
export function cutText(text: string, length_max: number): string {
  return text.slice(0, length_max).replace(/[\ud800-\udbff]$/, '');
}

/** True if two texts are equal regardless of case. */
export function equalsCi(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/**
 * Normalizes a name to one line: NFC, trimmed. Line breaks and control characters become a blank. Characters without a
 * width and those that change the direction of the text are removed. Joiners stay: emoji and some scripts need them.
 * Returns an empty text when no visible character is left.
 */
export function singleLine(text: string): string {
  const line = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .replace(
      /(?!\p{Join_Control}|\p{Variation_Selector}|[\u{e0020}-\u{e007f}])[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu,
      '',
    )
    .trim();
  return /[^\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(line) ? line : '';
}

/**
 * Normalizes a code that a person typed or pasted: compatibility forms become plain characters (NFKC), and white space,
 * control characters and invisible characters (zero-width spaces, byte order marks, variation selectors) are removed.
 * Letter case is preserved.
 */
export function normalizeCode(text: string): string {
  return text.normalize('NFKC').replace(/[\s\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, '');
}
