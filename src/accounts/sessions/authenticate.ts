import { sha256Hex } from '#platform/security/crypto';
import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { SessionId } from '#platform/db/db-schema';
import { parseApiKey, findApiKeyUser, updateApiKeyLastUsed } from '../credentials/index.ts';
import type { AccountsSettings } from '../settings.ts';
import type { User } from '../identity/index.ts';
import {
  findSessionOwner,
  findSessionOwnerBySecret,
  type SessionOwner,
  updateSessionLastSeen,
} from './session-store.ts';

export interface PresentedCredentials {
  authorization: string | undefined;
  session_cookie: string | undefined;
}

/** Authenticated caller and the kind of credential. */
export interface AuthenticatedCaller {
  user_id: User['id'];
  username: string;
  session_id: SessionId | null;
  via: 'token' | 'cookie' | 'api-key';
}

/** Minimum interval between two writes of the last use of a session or API key. */
const last_use_every_ms = 60_000;
const cookieShape = /^[-\w]{43}$/;

/**
 * Authenticates a request: returns the caller, `invalid` for a header that is rejected, null for an anonymous request.
 *
 * The header takes precedence over the cookie. A cookie of an ended session is anonymous, since browsers keep sending
 * it. One query in each case. The time of last use is written at most once a minute, without delaying the request.
 */
export async function authenticate(
  db: Db,
  clock: Clock,
  settings: AccountsSettings,
  { authorization, session_cookie }: PresentedCredentials,
): Promise<AuthenticatedCaller | 'invalid' | null> {
  const at = clock.now();
  if (authorization !== undefined) {
    const [scheme = '', ...rest] = authorization.trim().split(/ +/);
    const [value] = rest;
    if (value === undefined || rest.length !== 1) return 'invalid';
    if (scheme.toLowerCase() === 'bearer') return (await authenticateByToken(db, settings, value, at)) ?? 'invalid';
    if (scheme.toLowerCase() === 'basic') return (await authenticateByApiKey(db, value, at)) ?? 'invalid';
    return 'invalid';
  }
  if (session_cookie === undefined || !cookieShape.test(session_cookie)) return null;
  return updateLastSeen(db, at, await findSessionOwnerBySecret(db, sha256Hex(session_cookie), at), 'cookie');
}

async function authenticateByToken(
  db: Db,
  settings: AccountsSettings,
  token: string,
  at: Date,
): Promise<AuthenticatedCaller | null> {
  const claims = await settings.tokens.verify(token, at);
  if (!claims) return null;
  const found = await findSessionOwner(db, claims.session_id, at);
  if (found?.user_id !== claims.user_id) return null;
  return updateLastSeen(db, at, found, 'token');
}

async function authenticateByApiKey(db: Db, encoded: string, at: Date): Promise<AuthenticatedCaller | null> {
  const key = parseApiKey(encoded);
  if (!key) return null;
  const found = await findApiKeyUser(db, key, at);
  if (!found) return null;
  if (isDue(found.last_used_at, at)) runInBackground(updateApiKeyLastUsed(db, found.api_key_id, at));
  const { id: user_id, username } = found.user;
  return { user_id, username, session_id: null, via: 'api-key' };
}

function updateLastSeen(
  db: Db,
  at: Date,
  found: SessionOwner | undefined,
  via: 'token' | 'cookie',
): AuthenticatedCaller | null {
  if (!found) return null;
  const { user_id, username, session_id, last_seen_at } = found;
  if (isDue(last_seen_at, at)) runInBackground(updateSessionLastSeen(db, session_id, at));
  return { user_id, username, session_id, via };
}

function isDue(last: Date | null, at: Date): boolean {
  return last === null || at.getTime() - last.getTime() >= last_use_every_ms;
}

/** Ignores failures: only the time of last use is lost, which must neither fail the request nor log an error. */
function runInBackground(work: Promise<void>): void {
  work.catch(() => {});
}
