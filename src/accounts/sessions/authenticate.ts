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

/** Who calls, and by what they were recognised. */
export interface Caller {
  user_id: User['id'];
  username: string;
  session_id: SessionId | null;
  via: 'token' | 'cookie' | 'api-key';
}

/** What was last seen longer ago than this is noted again. */
const seen_every_ms = 60_000;
const cookieShape = /^[-\w]{43}$/;

/**
 * Says who sent these credentials: a caller, `invalid` for a header that is worth nothing, null for nobody.
 *
 * A header goes before the cookie. A stale cookie is nobody, since browsers keep sending it. One query in each case;
 * the note of when a session was last used is written at most once a minute and nobody waits for it.
 */
export async function authenticate(
  db: Db,
  clock: Clock,
  settings: AccountsSettings,
  { authorization, session_cookie }: PresentedCredentials,
): Promise<Caller | 'invalid' | null> {
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
  return recordSeen(db, at, await findSessionOwnerBySecret(db, sha256Hex(session_cookie), at), 'cookie');
}

async function authenticateByToken(
  db: Db,
  settings: AccountsSettings,
  token: string,
  at: Date,
): Promise<Caller | null> {
  const claims = await settings.tokens.verify(token, at);
  if (!claims) return null;
  const found = await findSessionOwner(db, claims.session_id, at);
  if (found?.user_id !== claims.user_id) return null;
  return recordSeen(db, at, found, 'token');
}

async function authenticateByApiKey(db: Db, encoded: string, at: Date): Promise<Caller | null> {
  const key = parseApiKey(encoded);
  if (!key) return null;
  const found = await findApiKeyUser(db, key, at);
  if (!found) return null;
  if (isDue(found.last_used_at, at)) inBackground(updateApiKeyLastUsed(db, found.api_key_id, at));
  const { id: user_id, username } = found.user;
  return { user_id, username, session_id: null, via: 'api-key' };
}

function recordSeen(db: Db, at: Date, found: SessionOwner | undefined, via: 'token' | 'cookie'): Caller | null {
  if (!found) return null;
  const { user_id, username, session_id, last_seen_at } = found;
  if (isDue(last_seen_at, at)) inBackground(updateSessionLastSeen(db, session_id, at));
  return { user_id, username, session_id, via };
}

function isDue(last: Date | null, at: Date): boolean {
  return last === null || at.getTime() - last.getTime() >= seen_every_ms;
}

/** Failure loses a note of when somebody was last seen: not worth failing a request, nor a line in the log. */
function inBackground(work: Promise<void>): void {
  work.catch(() => {});
}
