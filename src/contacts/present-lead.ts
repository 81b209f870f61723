import type { UserDetail } from '#accounts';
import type { Reader } from '#platform/db/database';
import type { Contact } from './contact.ts';
import { findContactBySlug } from './contact-store.ts';

/** Finds a contact without a login, presented like a user. */
export async function findLead(reader: Reader, slug: string): Promise<UserDetail | null> {
  const contact = await findContactBySlug(reader, slug);
  return contact?.user_id === null ? presentLead(contact) : null;
}

/** Presents a contact without a login in the shape of a user. */
export function presentLead(contact: Contact): UserDetail {
  return {
    slug: contact.slug,
    username: contact.slug,
    printable_name: contact.nick_name || contact.full_name || contact.slug,
    picture: contact.picture,
    email: contact.email,
    phone: contact.phone,
    full_name: contact.full_name,
    nick_name: contact.nick_name,
    lang: contact.lang,
    credentials: false,
    otp_enabled: false,
    created_at: contact.created_at.toISOString(),
    last_login: null,
    email_code: null,
    phone_code: null,
  };
}
