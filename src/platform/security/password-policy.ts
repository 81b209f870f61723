import { isEasyToGuess } from './password-strength.ts';

/** Public facts about the user, which are not secret. */
export interface PasswordFacts {
  username?: string | null;
  email?: string | null;
  full_name?: string | null;
  /** E.164. */
  phone?: string | null;
}

export interface PasswordPolicy {
  /** Characters. */
  min_length: number;
}

export type PasswordRefusal = 'password_too_short' | 'password_common' | 'password_personal';

/** Returns the message of a refusal for the invalid field. */
export function passwordRefusalMessage(refusal: PasswordRefusal, policy: PasswordPolicy): string {
  switch (refusal) {
    case 'password_too_short':
      return `Use at least ${policy.min_length} characters.`;
    case 'password_common':
      return 'This password is easy to guess. Use several unrelated words, or a longer one.';
    case 'password_personal':
      return 'This password is made of your name, e-mail address or phone number.';
  }
}

/** Shorter passwords are checked for length only: a site that allows them, such as the demo, accepts guessable ones. */
const STRENGTH_LENGTH_MIN = 8;

/**
 * Returns the reason why a password is refused, or null.
 *
 * By NIST SP 800-63B §3.1.1.2: length, common passwords and context, no rules of composition.
 */
export async function refusePassword(
  password: string,
  facts: PasswordFacts,
  policy: PasswordPolicy,
): Promise<PasswordRefusal | null> {
  const length = Array.from(password).length;
  if (length < policy.min_length) return 'password_too_short';

  const folded = password.normalize('NFKC').toLowerCase();
  const words = personalWords(facts);
  if (isMadeOf(squeeze(folded), words) || isPhoneNumber(folded, facts.phone)) return 'password_personal';
  if (length < STRENGTH_LENGTH_MIN) return null;
  return (await isEasyToGuess(password.normalize('NFKC'), [...words, 'tollgate'])) ? 'password_common' : null;
}

/**
 * Letters and characters that a password may have beside personal words and still be refused: a year and two letters.
 */
const REST_LETTERS_MAX = 2;
const REST_LENGTH_MAX = 6;

function isMadeOf(password: string, words: ReadonlySet<string>): boolean {
  if (words.has(password)) return true;
  const longest_first = [...words].filter((word) => word.length >= 3).toSorted((a, b) => b.length - a.length);
  const rest = longest_first.reduce((text, word) => text.replaceAll(word, ''), password);
  if (rest === password) return false;
  return rest.length <= REST_LENGTH_MAX && rest.replace(/\p{N}/gu, '').length <= REST_LETTERS_MAX;
}

/** True if a password is the end of the user's phone number, with or without the country code, in any spelling. */
function isPhoneNumber(password: string, phone: string | null | undefined): boolean {
  const digits = password.replace(/\D+/g, '').replace(/^0+/, '');
  return !!phone && digits.length >= 6 && !/\p{L}/u.test(password) && phone.endsWith(digits);
}

function personalWords({ username, email, full_name }: PasswordFacts): Set<string> {
  const words = [username, email, email?.split('@')[0], full_name, ...(full_name ?? '').split(/\s+/)];
  return new Set(words.map((word) => squeeze((word ?? '').toLowerCase())).filter((word) => word !== ''));
}

/** Removes all but letters and digits: "Xia Lee" and "xia.lee" are equal. */
function squeeze(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '');
}
