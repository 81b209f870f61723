import { commonPasswords } from './common-passwords.ts';

/** What is publicly known about the user, and therefore no secret. */
export interface PasswordFacts {
  username?: string | null;
  email?: string | null;
  full_name?: string | null;
}

export interface PasswordPolicy {
  /** Characters. */
  min_length: number;
}

export type PasswordRefusal = 'password_too_short' | 'password_common' | 'password_personal';

/** The words for each refusal, for the field at fault. */
export function passwordRefusalMessage(refusal: PasswordRefusal, policy: PasswordPolicy): string {
  switch (refusal) {
    case 'password_too_short':
      return `Use at least ${policy.min_length} characters.`;
    case 'password_common':
      return 'This password is one of the first that anybody would guess.';
    case 'password_personal':
      return 'This password is the same as your name or e-mail address.';
  }
}

/**
 * Says why a password is not acceptable, or null when it is.
 *
 * After NIST SP 800-63B §3.1.1.2: length, a list of common passwords and context, no rules of composition.
 */
export function refusePassword(password: string, facts: PasswordFacts, policy: PasswordPolicy): PasswordRefusal | null {
  if (Array.from(password).length < policy.min_length) return 'password_too_short';

  const folded = password.normalize('NFKC').toLowerCase();
  if (commonPasswords.has(folded) || commonPasswords.has(folded.replace(/[\d\W_]+$/, ''))) return 'password_common';
  if (personalWords(facts).has(squeeze(folded))) return 'password_personal';
  return null;
}

function personalWords({ username, email, full_name }: PasswordFacts): Set<string> {
  const words = [username, email, email?.split('@')[0], full_name];
  return new Set(words.map((word) => squeeze((word ?? '').toLowerCase())).filter((word) => word !== ''));
}

/** Leaves letters and digits only: "Xia Lee" and "xia.lee" are one word. */
function squeeze(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '');
}
