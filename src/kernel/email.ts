import { domainToASCII, domainToUnicode } from 'node:url';

const shape = /^[^\s@<>"'(),:;\\[\]]+@[^\s@<>"'(),:;\\[\]]+\.[^\s@.<>"'(),:;\\[\]]+$/;

/** Control, format and filler characters: two addresses that look the same would be two accounts. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Returns an e-mail address in the form in which it is stored and compared; null for a text that is not an address.
 *
 * Trimmed, in lower case and NFC; the domain in the ASCII form of IDNA (UTS 46), so that `bücher.example`, its
 * decomposed spelling and `xn--bcher-kva.example` are equal. Invisible characters are refused.
 */
export function parseEmail(text: string): string | null {
  const written = text.trim().normalize('NFC').toLowerCase().normalize('NFC');
  const at = written.lastIndexOf('@');
  if (at < 1 || written.length > 254 || invisible.test(written) || /[/?#%]/.test(written.slice(at))) return null;
  const domain = domainToASCII(written.slice(at + 1));
  const email = `${written.slice(0, at)}@${domain}`;
  return isHostName(domain) && email.length <= 254 && shape.test(email) ? email : null;
}

/**
 * True for labels of 1 to 63 characters that begin and end with a letter or digit. An IP address is not a host name.
 */
function isHostName(domain: string): boolean {
  return (
    !/\.\d+$/.test(domain) && domain.split('.').every((label) => /^[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?$/.test(label))
  );
}

/** Returns the form of an address for look-ups; any other text is only lower-cased, and matches no row. */
export function canonicalEmail(text: string): string {
  return parseEmail(text) ?? text.trim().toLowerCase();
}

/** Returns all stored forms of an address: that of `parseEmail`, and the one with Unicode letters in the domain. */
export function emailSpellings(text: string): string[] {
  const email = canonicalEmail(text);
  const at = email.lastIndexOf('@');
  return [...new Set([email, `${email.slice(0, at + 1)}${domainToUnicode(email.slice(at + 1))}`])];
}
