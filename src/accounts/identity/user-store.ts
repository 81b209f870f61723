import { emailSpellings } from '#kernel/email';
import { canonicalName } from '#kernel/slug';
import { singleLine } from '#kernel/text';
import { type RawBuilder, sql } from 'kysely';
import { builtOnce, oneOf, pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import type { TextMatch } from '#platform/lists/list-search';
import type { UserId } from '#platform/db/db-schema';
import { type Part, part } from '#platform/db/together';
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

/** Selects users without their secrets; callers add joins and conditions. */
export function selectUsers(reader: Reader) {
  return reader
    .selectFrom('users')
    .select(userColumns)
    .select([
      sql<boolean>`users.password_hash is not null`.as('has_password'),
      // No join: PostgreSQL reads the columns of a join that a query does not need, and then no index alone.
      sql<boolean>`exists (select from totp_factors where user_id = users.id and confirmed_at is not null)`.as(
        'otp_enabled',
      ),
    ]);
}

/** Selects the ids, or the names, of the users who have a term in their names or their address. Index: users_text. */
export function selectNamedUsers(matches: TextMatch, column: 'id' | 'username' = 'id'): RawBuilder<unknown> {
  const text = sql`users.username || ' ' || users.full_name || ' ' || coalesce(users.email, '')`;
  return sql`select ${sql.ref(`users.${column}`)} from users where ${matches(text)}`;
}

/** Makes the part that reads users without their secrets. */
export function userPart(query: ReturnType<typeof selectUsers>): Part<User[]> {
  return part<User>(query, {
    created_at: true,
    last_login_at: true,
    email_verified_at: true,
    phone_verified_at: true,
  });
}

const userById = pointRead((reader, id: UserId) => selectUsers(reader).where('users.id', '=', id));
const userByName = pointRead((reader, username: string) => selectUsers(reader).where('users.username', '=', username));

/** Finds a user by id, active or archived. */
export async function findUserById(reader: Reader, id: UserId): Promise<User | undefined> {
  const [user] = await userById(reader, id);
  return user;
}

/** Finds a user by name; ignores case. */
export async function findUserByUsername(reader: Reader, username: string): Promise<User | undefined> {
  const [user] = await userByName(reader, canonicalName(username));
  return user;
}

/** Finds a user by e-mail address, verified or not; ignores case. */
export async function findUserByEmail(reader: Reader, email: string): Promise<User | undefined> {
  return selectUsers(reader)
    .where(sql`lower(users.email)`, 'in', emailSpellings(email))
    .executeTakeFirst();
}

/** Selects the ids of the active users who have verified one of the addresses. Addresses are in lower case. */
export function selectVerifiers(reader: Reader, addresses: readonly string[]) {
  return reader
    .selectFrom('users')
    .select('users.id')
    .where(sql<string>`lower(users.email)`, '=', oneOf(addresses, 'text'))
    .where('users.email_verified_at', 'is not', null)
    .where('users.is_active', '=', true);
}

const verifiedAddresses = builtOnce((reader, addresses: readonly string[]) =>
  selectVerifiers(reader, addresses).select(sql<string>`lower(users.email)`.as('address')),
);

/** Returns the active users who have verified one of the addresses, by address. Addresses are in lower case. */
export async function findVerifiedAddresses(
  reader: Reader,
  addresses: readonly string[],
): Promise<Map<string, UserId>> {
  const rows = await verifiedAddresses(reader, addresses);
  return new Map(rows.map(({ id, address }) => [address, id]));
}

/** Finds the active user who has verified an e-mail address; ignores case. */
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

const usersByIds = builtOnce((reader, ids: readonly UserId[]) =>
  selectUsers(reader).where('users.id', '=', oneOf(ids, 'bigint')),
);

/** Returns users by id, in one query. */
export async function findUsersByIds(reader: Reader, ids: readonly UserId[]): Promise<Map<UserId, User>> {
  if (ids.length === 0) return new Map();
  const rows = await usersByIds(reader, [...new Set(ids)]);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Finds the user that an identifier means.
 *
 * Order: verified phone number, username, unverified phone number. Older versions accepted usernames that are phone
 * numbers; with this order neither user blocks the other one.
 */
export async function findUserByIdentifier(reader: Reader, identifier: Identifier): Promise<User | undefined> {
  switch (identifier.kind) {
    case 'email':
      return findUserByEmail(reader, identifier.email);
    case 'name': {
      const by_phone = identifier.phone === null ? undefined : await findUserByPhone(reader, identifier.phone);
      if (by_phone && by_phone.phone_verified_at !== null) return by_phone;
      return (await findUserByUsername(reader, identifier.username)) ?? by_phone;
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

/** Inserts a row; undefined if another user has the name, the e-mail address or the phone number. */
export async function insertUserRow(tx: Tx, row: NewUserRow): Promise<UserId | undefined> {
  const inserted = await tx
    .insertInto('users')
    .values({ ...row, ...canonicalizeNames(row) })
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
  /** Only null: `markAddressVerified` sets the instant. */
  email_verified_at?: null;
  phone_verified_at?: null;
};

/** Updates the given columns; does nothing without any. */
export async function updateUserRow(tx: Tx, id: UserId, change: UserChange): Promise<void> {
  if (Object.keys(change).length === 0) return;
  await tx
    .updateTable('users')
    .set({ ...change, ...canonicalizeNames(change) })
    .where('id', '=', id)
    .execute();
}

/** Converts names to the form in which they are stored. */
function canonicalizeNames({
  username,
  full_name,
  nick_name,
}: Pick<UserChange, 'username' | 'full_name' | 'nick_name'>) {
  return {
    ...(username === undefined ? {} : { username: canonicalName(username) }),
    ...(full_name === undefined ? {} : { full_name: singleLine(full_name) }),
    ...(nick_name === undefined ? {} : { nick_name: singleLine(nick_name) }),
  };
}

/** Marks an address as verified. Only `factors/prove-address.ts` calls it, after the cleanup of a first proof. */
export async function markAddressVerified(tx: Tx, id: UserId, channel: 'email' | 'phone', at: Date): Promise<void> {
  const change = channel === 'email' ? { email_verified_at: at } : { phone_verified_at: at };
  await tx.updateTable('users').set(change).where('id', '=', id).execute();
}

/** Fields that a password is checked against. Not part of `User`, so that a hash does not leave this room. */
export interface Credentials {
  password_hash: string | null;
  is_active: boolean;
}

export async function findCredentials(reader: Reader, id: UserId): Promise<Credentials | undefined> {
  return reader.selectFrom('users').select(['password_hash', 'is_active']).where('id', '=', id).executeTakeFirst();
}

/** Selects the credentials FOR UPDATE: serializes changes of password, addresses and archival of the user. */
export async function lockCredentials(tx: Tx, id: UserId): Promise<Credentials | undefined> {
  return tx
    .selectFrom('users')
    .select(['password_hash', 'is_active'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}
