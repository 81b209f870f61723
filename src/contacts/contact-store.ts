import { emailSpellings } from '#kernel/email';
import { canonicalName } from '#kernel/slug';
import { type Expression, sql } from 'kysely';
import { selectUsers } from '#accounts';
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

/**
 * Selects the id of the contact that `getContactByName` returns, as a query of one value. Finds no unlinked contact
 * whose address has another spelling than the user's (`emailSpellings`).
 */
export function selectContactByName(reader: Reader, name: string): Expression<ContactId> {
  const users = selectUsers(reader).where('users.username', '=', canonicalName(name));
  return sql<ContactId>`(
    with named as materialized (${users})
    select id from (
      select contacts.id, 1 as place from contacts join named on contacts.user_id = named.id
      union all
      select contacts.id, 2 from contacts join named on lower(contacts.email) = lower(named.email)
        where contacts.user_id is null and named.email_verified_at is not null
      union all
      select contacts.id, 3 from contacts where contacts.slug = ${canonicalName(name)} and not exists (select from named)
    ) found order by place limit 1)`;
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
