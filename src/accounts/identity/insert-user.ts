import { canonicalEmail } from '#kernel/email';
import { invalidInput } from '#kernel/problem';
import type { Tx } from '#platform/db/database';
import { claimName } from './name-store.ts';
import { releasePhoneClaim } from './phone-claim.ts';
import { findUserByEmail, findUserById, findUserByPhone, insertUserRow } from './user-store.ts';
import type { User } from './user.ts';

export interface NewUser {
  username: string;
  email?: string | null;
  email_verified_at?: Date | null;
  /** E.164. */
  phone?: string | null;
  phone_verified_at?: Date | null;
  full_name?: string;
  nick_name?: string;
  lang?: string;
  picture?: string | null;
  /** Result of `hashPassword`; omitted for a user who sets a password through a link. */
  password_hash?: string | null;
  extra?: string | null;
}

/**
 * Inserts a user and claims the name. Removes the phone number from another user who never verified it.
 *
 * @throws invalid_input (400) naming `username`, `email` or `phone` if another user has it
 */
export async function insertUser(tx: Tx, user: NewUser, at: Date): Promise<User> {
  const email = user.email ? canonicalEmail(user.email) : null;
  // The unique index does not match older rows that store the same address in another spelling.
  if (email !== null && (await findUserByEmail(tx, email))) throw emailTakenProblem();
  if (user.phone) await releasePhoneClaim(tx, user.phone, at);
  const id = await insertUserRow(tx, {
    username: user.username,
    email,
    email_verified_at: user.email_verified_at ?? null,
    phone: user.phone ?? null,
    phone_verified_at: user.phone_verified_at ?? null,
    full_name: user.full_name ?? '',
    nick_name: user.nick_name ?? '',
    lang: user.lang ?? 'en',
    picture: user.picture ?? null,
    password_hash: user.password_hash ?? null,
    extra: user.extra ?? null,
    created_at: at,
  });
  if (id === undefined) {
    if (email !== null && (await findUserByEmail(tx, email))) throw emailTakenProblem();
    if (user.phone && (await findUserByPhone(tx, user.phone))) throw phoneTakenProblem();
    throw usernameTakenProblem();
  }
  if (!(await claimName(tx, user.username, { user_id: id }, at))) throw usernameTakenProblem();

  const inserted = await findUserById(tx, id);
  if (!inserted) throw new Error(`user ${id} was inserted in this transaction but cannot be selected`);
  return inserted;
}

export const usernameTakenProblem = () => invalidInput({ username: ['This name is already taken.'] });
export const emailTakenProblem = () => invalidInput({ email: ['This e-mail address is already in use.'] });
export const phoneTakenProblem = () => invalidInput({ phone: ['This phone number is already in use.'] });
