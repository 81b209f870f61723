import { emailSpellings } from '#kernel/email';
import { canonicalName } from '#kernel/slug';
import { singleLine } from '#kernel/text';
import { sql } from 'kysely';
import { builtOnce } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import type { Identifier } from './address.ts';
import type { User } from './user.ts';

const userColumns = [
  'users.id',
  'users.username',
  'users.email',
  'users.email_verified_at',
  'users.phone',
  'users.phone_verified_at',
  'users.full_name',
  'users.nick_name',
  'users.lang',
  'users.picture',
  'users.is_active',
  'users.email_verification_required',
  'users.phone_verification_required',
  'users.extra',
  'users.created_at',
  'users.last_login_at',
] as const;

/** Reads users without their secrets; rooms and sub-rooms add their own conditions. */
export function selectUsers(reader: Reader) {
  return reader
    .selectFrom('users')
    .leftJoin('totp_factors', 'totp_factors.user_id', 'users.id')
    .select(userColumns)
    .select([
      sql<boolean>`users.password_hash is not null`.as('has_password'),
      sql<boolean>`totp_factors.confirmed_at is not null`.as('otp_enabled'),
    ]);
}

const userById = builtOnce((reader, id: UserId) => selectUsers(reader).where('users.id', '=', id));

export async function findUserById(reader: Reader, id: UserId): Promise<User | undefined> {
  const [user] = await userById(reader, id);
  return user;
}

/** Finds a user by name, in any case. */
export async function findUserByUsername(reader: Reader, username: string): Promise<User | undefined> {
  return selectUsers(reader).where('users.username', '=', canonicalName(username)).executeTakeFirst();
}

/** Finds a user by e-mail address, in any case, verified or not. */
export async function findUserByEmail(reader: Reader, email: string): Promise<User | undefined> {
  return selectUsers(reader)
    .where(sql`lower(users.email)`, 'in', emailSpellings(email))
    .executeTakeFirst();
}

/** Finds which of the addresses active users have verified, and who; in lower case, as they must be given. */
export async function findVerifiedAddresses(
  reader: Reader,
  addresses: readonly string[],
): Promise<Map<string, UserId>> {
  const rows = await reader
    .selectFrom('users')
    .select(['id', sql<string>`lower(email)`.as('address')])
    .where(sql<string>`lower(email)`, 'in', [...addresses])
    .where('email_verified_at', 'is not', null)
    .where('is_active', '=', true)
    .execute();
  return new Map(rows.map(({ id, address }) => [address, id]));
}

/** Finds the active user who has verified an e-mail address, in any case. An address that was only typed matches no user. */
export async function findUserByVerifiedEmail(reader: Reader, email: string): Promise<User | undefined> {
  return selectUsers(reader)
    .where(sql`lower(users.email)`, 'in', emailSpellings(email))
    .where('users.email_verified_at', 'is not', null)
    .where('users.is_active', '=', true)
    .executeTakeFirst();
}

/** Finds a user by phone number in E.164. */
export async function findUserByPhone(reader: Reader, phone: string): Promise<User | undefined> {
  return selectUsers(reader).where('users.phone', '=', phone).executeTakeFirst();
}

/** Finds many users in one query, by id. */
export async function findUsersByIds(reader: Reader, ids: readonly UserId[]): Promise<Map<UserId, User>> {
  if (ids.length === 0) return new Map();
  const rows = await selectUsers(reader)
    .where('users.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Finds the user that an identifier means. A verified phone number goes before a name of the same digits, which older versions
 * accepted, and a name before a phone number that was only typed: neither keeps the other user out.
 */
export async function findUserByIdentifier(reader: Reader, identifier: Identifier): Promise<User | undefined> {
  switch (identifier.kind) {
    case 'email':
      return findUserByEmail(reader, identifier.email);
    case 'name': {
      const called = identifier.phone === null ? undefined : await findUserByPhone(reader, identifier.phone);
      if (called && called.phone_verified_at !== null) return called;
      return (await findUserByUsername(reader, identifier.username)) ?? called;
    }
    case 'none':
      return undefined;
  }
}

export interface NewUserRow {
  username: string;
  email: string | null;
  email_verified_at: Date | null;
  phone: string | null;
  phone_verified_at: Date | null;
  full_name: string;
  nick_name: string;
  lang: string;
  picture: string | null;
  password_hash: string | null;
  extra: string | null;
  created_at: Date;
}

/** Inserts a row; undefined when its name, e-mail address or phone number is another user's. */
export async function insertUserRow(tx: Tx, row: NewUserRow): Promise<UserId | undefined> {
  const inserted = await tx
    .insertInto('users')
    .values({ ...row, ...canonicalNames(row) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id;
}

export type UserChange = Partial<
  Pick<
    User,
    | 'username'
    | 'email'
    | 'phone'
    | 'full_name'
    | 'nick_name'
    | 'lang'
    | 'picture'
    | 'is_active'
    | 'email_verification_required'
    | 'phone_verification_required'
    | 'extra'
    | 'last_login_at'
  >
> & {
  password_hash?: string | null;
  /** Only proveAddress marks an address as verified, through markAddressVerified. */
  email_verified_at?: null;
  phone_verified_at?: null;
};

export async function updateUserRow(tx: Tx, id: UserId, change: UserChange): Promise<void> {
  if (Object.keys(change).length === 0) return;
  await tx
    .updateTable('users')
    .set({ ...change, ...canonicalNames(change) })
    .where('id', '=', id)
    .execute();
}

/** The names of a user in the form in which they are stored. */
function canonicalNames({ username, full_name, nick_name }: Pick<UserChange, 'username' | 'full_name' | 'nick_name'>) {
  return {
    ...(username === undefined ? {} : { username: canonicalName(username) }),
    ...(full_name === undefined ? {} : { full_name: singleLine(full_name) }),
    ...(nick_name === undefined ? {} : { nick_name: singleLine(nick_name) }),
  };
}

/** Marks an address as verified. Called by proveAddress only, which first removes what others had set up. */
export async function markAddressVerified(tx: Tx, id: UserId, channel: 'email' | 'phone', at: Date): Promise<void> {
  const change = channel === 'email' ? { email_verified_at: at } : { phone_verified_at: at };
  await tx.updateTable('users').set(change).where('id', '=', id).execute();
}

/** What a password is compared with; kept apart from `User` so that a hash never travels. */
export interface Credentials {
  password_hash: string | null;
  is_active: boolean;
}

export async function findCredentials(reader: Reader, id: UserId): Promise<Credentials | undefined> {
  return reader.selectFrom('users').select(['password_hash', 'is_active']).where('id', '=', id).executeTakeFirst();
}

/** Reads the same and holds the row: nobody changes the password or archives the user before the transaction ends. */
export async function lockCredentials(tx: Tx, id: UserId): Promise<Credentials | undefined> {
  return tx
    .selectFrom('users')
    .select(['password_hash', 'is_active'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}
