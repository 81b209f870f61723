import { findUserByUsername } from '#accounts';
import type { Reader } from '#platform/db/database';
import type { Contact } from './contact.ts';
import { findContactBySlug, findContactOfUser } from './contact-store.ts';
import { contactProblems } from './problems.ts';

/**
 * Returns the contact of a username or a contact slug; null for a user without a contact.
 * @throws contact_unknown (404)
 */
export async function getContactByName(reader: Reader, name: string): Promise<Contact | null> {
  const user = await findUserByUsername(reader, name);
  const contact = user ? await findContactOfUser(reader, user) : await findContactBySlug(reader, name);
  if (!contact && !user) throw contactProblems.contact_unknown();
  return contact ?? null;
}
