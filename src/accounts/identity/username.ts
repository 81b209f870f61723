import { slugify } from '#kernel/slug';
import { parsePhone } from './address.ts';

/** Shorter than the column allows, because a username can become the slug of a personal profile. */
export const usernameLengthMax = 50;

const shape = /^[-A-Za-z0-9_]{1,150}$/;
const archived = /^_archive_/i;

/**
 * True if a user may have this name. Excludes names of archived users, and digits that form a phone number, since the
 * owner of the number signs in with it.
 */
export function isUsername(text: string): boolean {
  return shape.test(text) && !archived.test(text) && !(/^[-_\d]+$/.test(text) && parsePhone(text) !== null);
}

/** Returns the username of an archived user. */
export function formatArchivedUsername(user_id: number): string {
  return `_archive_${user_id}`;
}

/**
 * Proposes usernames for an e-mail address: its local part, then the same with three digits, which `digits` returns.
 */
export function* proposeUsernames(email: string | null, digits: () => string): Generator<string, void, void> {
  const base = email === null ? '' : slugify(email.split('@')[0] ?? '', usernameLengthMax - 4);
  const isName = isUsername(base);
  if (isName) yield base;
  for (;;) yield `${isName ? base : 'user'}-${digits()}`;
}
