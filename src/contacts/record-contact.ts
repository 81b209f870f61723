import { randomBytes } from 'node:crypto';
import { type FieldMessages, invalidInput } from '#kernel/problem';
import { slugify, withSuffix } from '#kernel/slug';
import { splitFullName } from '#kernel/text';
import { findUserByVerifiedEmail, isNameFree, isUsername, parsePhone, type User } from '#accounts';
import { parseEmail } from '#kernel/email';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import type { Contact } from './contact.ts';
import {
  findContactByEmail,
  findContactByPhone,
  findContactBySlug,
  findContactOfUser,
  insertContact,
  linkContact,
} from './contact-store.ts';

export interface ContactInput {
  slug?: string | undefined;
  username?: string | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
  full_name: string;
  nick_name?: string | undefined;
  lang?: string | undefined;
}

const ATTEMPTS_MAX = 9;

/**
 * Creates a contact without a login; links the user who has verified the address, if any.
 *
 * @throws invalid_input (400) naming each invalid field
 */
export async function recordContact(
  ctx: Context,
  input: ContactInput,
): Promise<{ contact: Contact; user: User | null }> {
  const errors = findContactErrors(input);
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
  const full_name = input.full_name.trim();
  const email = parseEmail(input.email ?? '');
  const phone = parsePhone(input.phone ?? '');
  return inTransaction(ctx.db, async (tx) => {
    if (email !== null && (await findContactByEmail(tx, email))) throw contactEmailTakenProblem();
    if (phone !== null && (await findContactByPhone(tx, phone)))
      throw invalidInput({ phone: ['This phone number is already on record.'] });
    const user = email === null ? undefined : await findUserByVerifiedEmail(tx, email);
    const slug = await chooseSlug(tx, input, { email, user }, ctx.clock.now());
    const nick_name = input.nick_name?.trim() || splitFullName(full_name).first;
    const person = {
      slug,
      user_id: user?.id ?? null,
      email,
      phone,
      full_name,
      nick_name,
      lang: input.lang ?? ctx.lang,
    };
    const contact = await insertContact(tx, person, ctx.clock.now());
    if (!contact) throw contactEmailTakenProblem();
    return { contact, user: user ?? null };
  });
}

/** Finds a contact by its slug or its user. Links or creates the contact of a user who has none. */
export async function findOrCreateContact(
  tx: Tx,
  name: string,
  user: User | undefined,
  at: Date,
): Promise<Contact | undefined> {
  if (!user) return findContactBySlug(tx, name);
  const found = await findContactOfUser(tx, user);
  if (found) return found.user_id === null ? linkContact(tx, found.id, user.id) : found;
  const { full_name, nick_name, lang } = user;
  const person = { user_id: user.id, email: null, phone: null, full_name, nick_name, lang };
  const suffixed = withSuffix(user.username, (digits) => randomHex(digits));
  return (
    (await insertContact(tx, { ...person, slug: user.username }, at)) ??
    (await insertContact(tx, { ...person, slug: suffixed }, at))
  );
}

/** Returns what is invalid in a new contact, by field; whether it is on record already is not checked. */
export function findContactErrors(input: Pick<ContactInput, 'full_name' | 'email' | 'phone'>): FieldMessages {
  const errors: Record<string, string[]> = {};
  const email = parseEmail(input.email ?? '');
  if (input.full_name.trim() === '') errors['full_name'] = ['This field may not be blank.'];
  if (email === null && (input.email ?? '').trim() !== '') errors['email'] = ['Enter an e-mail address.'];
  else if (email === null && parsePhone(input.phone ?? '') === null) {
    errors['email'] = errors['phone'] = ['Enter an e-mail address or a phone number.'];
  }
  return errors;
}

async function chooseSlug(
  tx: Tx,
  input: ContactInput,
  owner: { email: string | null; user: User | undefined },
  at: Date,
): Promise<string> {
  const asked = (input.slug ?? input.username ?? '').trim();
  const isTaken = async (slug: string) =>
    (await findContactBySlug(tx, slug)) !== undefined || !(await isNameFree(tx, slug, at));
  if (asked !== '') {
    if (!isUsername(asked)) throw invalidInput({ slug: ['Use letters, digits, - and _ only.'] });
    const isOwn = owner.user?.username.toLowerCase() === asked.toLowerCase();
    if ((await findContactBySlug(tx, asked)) || (!isOwn && (await isTaken(asked)))) throw contactSlugTakenProblem();
    return asked;
  }
  if (owner.user && !(await findContactBySlug(tx, owner.user.username))) return owner.user.username;
  const base = slugify((owner.email?.split('@')[0] ?? '').replaceAll('.', ''));
  return findFreeSlug(base, isTaken);
}

async function findFreeSlug(base: string, isTaken: (slug: string) => Promise<boolean>): Promise<string> {
  if (base === '') return randomHex(15);
  for (let attempt = 0; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const slug = attempt === 0 ? base : withSuffix(base, randomHex);
    if (!(await isTaken(slug))) return slug;
  }
  throw contactSlugTakenProblem();
}

function randomHex(digits: number): string {
  return randomBytes(8).toString('hex').slice(0, digits);
}

const contactSlugTakenProblem = () => invalidInput({ slug: ['This name is already taken.'] });
const contactEmailTakenProblem = () => invalidInput({ email: ['This e-mail address is already on record.'] });
