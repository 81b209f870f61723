import { emailSpellings } from '#kernel/email';
import { canonicalName } from '#kernel/slug';
import { sql } from 'kysely';
import type { ContactId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Contact } from './contact.ts';

export async function findContactBySlug(reader: Reader, slug: string): Promise<Contact | undefined> {
  return reader.selectFrom('contacts').selectAll().where('slug', '=', canonicalName(slug)).executeTakeFirst();
}

async function findContactByUser(reader: Reader, user_id: UserId): Promise<Contact | undefined> {
  return reader.selectFrom('contacts').selectAll().where('user_id', '=', user_id).executeTakeFirst();
}

export async function findContactByEmail(reader: Reader, email: string): Promise<Contact | undefined> {
  return reader
    .selectFrom('contacts')
    .selectAll()
    .where(sql`lower(email)`, 'in', emailSpellings(email))
    .executeTakeFirst();
}

export async function findContactByPhone(reader: Reader, phone: string): Promise<Contact | undefined> {
  return reader.selectFrom('contacts').selectAll().where('phone', '=', phone).executeTakeFirst();
}

/**
 * Finds the contact of a user: the linked contact, else an unlinked contact with the verified address of the user.
 * An address that the user has not verified does not match.
 */
export async function findContactOfUser(
  reader: Reader,
  user: { id: UserId; email: string | null; email_verified_at: Date | null },
): Promise<Contact | undefined> {
  const linked = await findContactByUser(reader, user.id);
  if (linked || user.email === null || user.email_verified_at === null) return linked;
  const unlinked = await findContactByEmail(reader, user.email);
  return unlinked?.user_id === null ? unlinked : undefined;
}

export async function linkContact(tx: Tx, id: ContactId, user_id: UserId): Promise<Contact> {
  return tx.updateTable('contacts').set({ user_id }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

export type NewContact = Pick<Contact, 'slug' | 'user_id' | 'email' | 'phone' | 'full_name' | 'nick_name' | 'lang'>;

/** Inserts a contact. Returns undefined if its slug, address or user belongs to another contact. */
export async function insertContact(tx: Tx, contact: NewContact, at: Date): Promise<Contact | undefined> {
  return tx
    .insertInto('contacts')
    .values({ ...contact, slug: canonicalName(contact.slug), created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}
