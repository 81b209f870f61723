import { findUserByUsername } from '#accounts';
import { emailSpellings } from '#kernel/email';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { type Activity, listContactActivities } from './activity-store.ts';
import type { Contact } from './contact.ts';
import { findContactBySlug, findContactOfUser, selectContactByName } from './contact-store.ts';
import { contactProblems } from './problems.ts';

/**
 * Lists the notes about a user or a contact. The first page takes one statement, unless the contact is found by another
 * spelling of the user's address.
 * @throws contact_unknown (404)
 */
export async function listNotes(reader: Reader, name: string, list: ListQuery, url: URL): Promise<Page<Activity>> {
  if (list.page !== 1) return listNotesOf(reader, await getContactByName(reader, name), list, url);
  const [user, contact, page] = await mergeReads(reader, [
    (together) => findUserByUsername(together, name),
    (together) => findContactBySlug(together, name),
    (together) => listContactActivities(together, selectContactByName(together, name), list, url),
  ]);
  if (!contact && !user) throw contactProblems.contact_unknown();
  const has_spellings = typeof user?.email === 'string' && emailSpellings(user.email).length > 1;
  return has_spellings ? listNotesOf(reader, await getContactByName(reader, name), list, url) : page;
}

async function listNotesOf(
  reader: Reader,
  contact: Contact | null,
  list: ListQuery,
  url: URL,
): Promise<Page<Activity>> {
  if (!contact) return { count: 0, next: null, previous: null, results: [] };
  return listContactActivities(reader, contact.id, list, url);
}

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
