import { randomToken, sha256Hex } from '#platform/security/crypto';
import type { Context } from '#platform/context';
import type { Tx } from '#platform/db/database';
import type { SessionId } from '#platform/db/db-schema';
import type { AccountsSettings } from '../settings.ts';
import { presentUser, type User } from '../identity/index.ts';
import { insertSession } from './session-store.ts';

export interface SessionOpening {
  user: User;
  /** `cookie` also creates a cookie secret for the browser. Token and cookie belong to the same session. */
  kind: 'token' | 'cookie';
  peer: Context['peer'];
}

export interface OpenedSession {
  session_id: SessionId;
  token: string;
  /** Value of the browser's cookie; null for a session of kind `token`. */
  cookie_secret: string | null;
  expires_at: Date;
}

/** Opens a session with new secrets for an authenticated user and issues its token. */
export async function openSession(
  tx: Tx,
  settings: AccountsSettings,
  { user, kind, peer }: SessionOpening,
  at: Date,
): Promise<OpenedSession> {
  const session_id = randomToken(24) as SessionId; // every id of a session is created here
  const cookie_secret = kind === 'cookie' ? randomToken(32) : null;
  const expires_at = new Date(at.getTime() + settings.token_lifetime_s * 1000);
  await insertSession(tx, {
    id: session_id,
    user_id: user.id,
    kind,
    secret_hash: cookie_secret === null ? null : sha256Hex(cookie_secret),
    created_at: at,
    logged_in_at: at,
    expires_at,
    last_seen_at: at,
    ip: peer?.ip ?? null,
    user_agent: peer?.user_agent.slice(0, 255) ?? null,
  });
  const token = await issueToken(settings, user, session_id, expires_at, at);
  return { session_id, token, cookie_secret, expires_at };
}

/** Signs a token for a session. It also contains the user's fields, for clients to display. */
export async function issueToken(
  settings: AccountsSettings,
  user: User,
  session_id: SessionId,
  expires_at: Date,
  at: Date,
): Promise<string> {
  const { email_code: _email_code, phone_code: _phone_code, ...shown } = presentUser(user);
  return settings.tokens.sign({ session_id, user_id: user.id, issued_at: at, expires_at, shown });
}
