import { sql } from 'kysely';
import type { UserId } from '#platform/db-schema';
import type { Reader, Tx } from '#platform/db';
import type { Contact } from './contact.ts';

export async function findContactBySlug(reader: Reader, slug: string): Promise<Contact | undefined> {
  return reader.selectFrom('contacts').selectAll().where('slug', '=', slug).executeTakeFirst();
}

export async function findContactByUser(reader: Reader, user_id: UserId): Promise<Contact | undefined> {
  return reader.selectFrom('contacts').selectAll().where('user_id', '=', user_id).executeTakeFirst();
}

export async function findContactByEmail(reader: Reader, email: string): Promise<Contact | undefined> {
  return reader
    .selectFrom('contacts')
    .selectAll()
    .where(sql`lower(email)`, '=', email.toLowerCase())
    .executeTakeFirst();
}

export async function findContactByPhone(reader: Reader, phone: string): Promise<Contact | undefined> {
  return reader.selectFrom('contacts').selectAll().where('phone', '=', phone).executeTakeFirst();
}

export type NewContact = Pick<Contact, 'slug' | 'user_id' | 'email' | 'phone' | 'full_name' | 'nick_name' | 'lang'>;

/** Inserts a contact unless its slug, address or user is on record already; undefined then. */
export async function insertContact(tx: Tx, contact: NewContact, at: Date): Promise<Contact | undefined> {
  return tx
    .insertInto('contacts')
    .values({ ...contact, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}
