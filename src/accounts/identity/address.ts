import { parseEmail } from '#kernel/email';
import { parsePhoneNumberFromString } from 'libphonenumber-js';

/** Reads a phone number, local numbers as of the United States, as E.164; null when it is none. */
export function parsePhone(text: string): string | null {
  if (text.length > 50) return null;
  const number = parsePhoneNumberFromString(text.trim(), { defaultCountry: 'US', extract: false });
  return number?.isPossible() === true ? number.number : null;
}

/** What somebody typed to say who they are. */
export type Identifier =
  | { kind: 'email'; email: string }
  | { kind: 'name'; username: string; phone: string | null }
  | { kind: 'none' };

/** Reads a username, an e-mail address or a phone number in any spelling. */
export function parseIdentifier(text: string): Identifier {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 254) return { kind: 'none' };
  if (!trimmed.includes('@')) return { kind: 'name', username: trimmed, phone: parsePhone(trimmed) };
  const email = parseEmail(trimmed);
  return email === null ? { kind: 'none' } : { kind: 'email', email };
}

/** The form of an identifier that attempts are counted under, so that spellings do not multiply them. */
export function canonicalIdentifier(text: string): string {
  const identifier = parseIdentifier(text);
  switch (identifier.kind) {
    case 'email':
      return identifier.email;
    case 'name':
      return identifier.phone ?? identifier.username.toLowerCase();
    case 'none':
      return '';
  }
}
