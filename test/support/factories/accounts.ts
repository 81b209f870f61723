import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { SessionId } from '#platform/db/db-schema';
import {
  type AccountsConfig,
  type AccountsDeps,
  type AccountsHooks,
  type AccountsSettings,
  insertUser,
  makeAccountsSettings,
  type NewUser,
  type User,
} from '#accounts';
import { hashPassword } from '#platform/security/password';
import { inTransaction, type Db } from '../../../src/platform/db/database.ts';
import { openSecrets } from '../../../src/platform/jobs/outbox-store.ts';
import { makeThrottle } from '../../../src/platform/security/throttle.ts';
import { ordinaryDay } from '../context.ts';
import { next } from '../factories.ts';

/** Password of every user that `makeUser` makes. */
export const testPassword = 'correct horse battery';

let shared_hash: Promise<string> | undefined;

export interface UserSample extends Partial<NewUser> {
  /** Null for a user without a password. */
  password?: string | null;
  at?: Date;
}

/** Makes a user with a verified e-mail address and `testPassword`. */
export async function makeUser(db: Db, sample: UserSample = {}): Promise<User> {
  const { password, at = ordinaryDay, ...given } = sample;
  const username = given.username ?? next('user');
  shared_hash ??= hashPassword(testPassword);
  const password_hash =
    password === null ? null : await (password === undefined ? shared_hash : hashPassword(password));
  const facts = {
    email: `${username.toLowerCase()}@example.com`,
    email_verified_at: at,
    full_name: 'Sample Person',
    password_hash,
  };
  return inTransaction(db, (tx) => insertUser(tx, { ...facts, ...given, username }, at));
}

/** Settings of a new site, with separate counts of attempts. */
export function sampleAccountsSettings(given: Partial<AccountsConfig> = {}): AccountsSettings {
  return makeAccountsSettings({
    secret_key: 'a master key of at least 32 characters',
    throttle: makeThrottle(() => performance.now()),
    password_length_min: 8,
    token_lifetime_s: 14 * 86_400,
    refresh_lifetime_s: 30 * 86_400,
    verification_lifetime_s: 86_400,
    ...given,
  });
}

/** Replaces the rooms above: the site has no manager and a rename has no effect elsewhere. */
export const noHooks: AccountsHooks = {
  isOperator: async () => false,
  onFirstProof: async () => {},
  onEmailVerified: async () => {},
  onRename: async () => {},
  onArchive: async () => {},
  findCredit: async () => [],
};

export function sampleAccountsDeps(given: Partial<AccountsDeps> = {}): AccountsDeps {
  return { settings: sampleAccountsSettings(), hooks: noHooks, ...given };
}

/** The code of the problem that the call throws; `ok` when it succeeds. */
export async function problemOf(work: Promise<unknown>): Promise<Pick<Problem, 'code' | 'status' | 'fields'>> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, status: error.status, fields: error.fields };
    throw error;
  }
  return { code: 'ok', status: 200, fields: null };
}

/** The same context with a user as the caller. */
export function callAs<C extends Context>(
  ctx: C,
  user: User,
  via: 'token' | 'cookie' = 'token',
  session_id: SessionId | null = null,
): C {
  const { id: user_id, username } = user;
  return { ...ctx, actor: { kind: 'user', user_id, username, session_id, via, visitor_hash: null } };
}

/** The payloads of the events of that name, oldest first. */
export async function eventsNamed(db: Db, name: string): Promise<Record<string, unknown>[]> {
  const rows = await db.selectFrom('outbox_events').select('payload').where('name', '=', name).orderBy('id').execute();
  return rows.map(({ payload }) => openSecrets(payload as Record<string, unknown>)); // payloads are objects
}
