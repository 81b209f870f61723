import { parseEmail } from '#kernel/email';
import { parsePhoneNumberFromString } from 'libphonenumber-js';

/** Parses a phone number to E.164; null for any other text. A number without country code is read as a US number. */
export function parsePhone(text: string): string | null {
  if (text.length > 50) return null;
  const number = parsePhoneNumberFromString(text.trim(), { defaultCountry: 'US', extract: false });
  return number?.isPossible() === true ? number.number : null;
}

/** Identifier that a visitor typed to sign in. */
export type Identifier =
  | { kind: 'email'; email: string }
  | { kind: 'name'; username: string; phone: string | null }
  | { kind: 'none' };

/** Parses a username, an e-mail address or a phone number in any spelling. */
export function parseIdentifier(text: string): Identifier {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 254) return { kind: 'none' };
  if (!trimmed.includes('@')) return { kind: 'name', username: trimmed, phone: parsePhone(trimmed) };
  const email = parseEmail(trimmed);
  return email === null ? { kind: 'none' } : { kind: 'email', email };
}

/** Returns the canonical spelling of an identifier, under which attempts are counted; empty if it cannot be one. */
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
