import { sha256Hex } from '#platform/security/crypto';
import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { SessionId } from '#platform/db/db-schema';
import { defineFact, type FactReader, type LoadedFact } from '#platform/facts/facts';
import { tag } from '#platform/facts/tag';
import {
  type ApiKey,
  type ApiKeyOwner,
  findApiKeyOwner,
  parseApiKey,
  updateApiKeyLastUsed,
} from '../credentials/index.ts';
import type { AccountsSettings } from '../settings.ts';
import type { TokenClaims } from '../token.ts';
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

/** Where authentication reads. */
export interface CredentialSource {
  db: Db;
  clock: Clock;
  settings: AccountsSettings;
  facts: FactReader;
}

/** Null for an anonymous request, `invalid` for a header that is rejected. */
type Authentication = AuthenticatedCaller | 'invalid' | null;

/** Minimum interval between two writes of the last use of a session or API key. */
const last_use_every_ms = 60_000;
const cookieShape = /^[-\w]{43}$/;

const sessionFact = defineFact<SessionOwner>('session');
/** By the hash of the cookie. */
const cookieFact = defineFact<SessionOwner>('session-cookie');
/** By the hash of both halves. */
const apiKeyFact = defineFact<ApiKeyOwner>('api-key');

type Presented =
  | { kind: 'none' | 'invalid' }
  | { kind: 'token'; token: string }
  | { kind: 'cookie'; secret_hash: string }
  | { kind: 'api-key'; key: ApiKey; hash: string };

/**
 * Authenticates a request.
 *
 * The header takes precedence over the cookie. A cookie of an ended session is anonymous, since browsers keep sending
 * it. One query when the session or key is not in memory; expiry is compared at each use. The time of last use is
 * written at most once a minute, without delaying the request.
 */
export async function authenticate(
  source: CredentialSource,
  credentials: PresentedCredentials,
): Promise<Authentication> {
  const { db, clock, settings, facts } = source;
  const at = clock.now();
  const presented = readCredentials(credentials);
  switch (presented.kind) {
    case 'none':
      return null;
    case 'invalid':
      return 'invalid';
    case 'token': {
      const claims = await settings.tokens.verify(presented.token, at);
      if (!claims) return 'invalid';
      const { session_id } = claims;
      const load = async () => toSessionFact(await findSessionOwner(db, session_id));
      return acceptToken(source, at, claims, await facts.get(sessionFact, session_id, load));
    }
    case 'cookie': {
      const { secret_hash } = presented;
      const load = async () => toSessionFact(await findSessionOwnerBySecret(db, secret_hash));
      return acceptSession(source, at, await facts.get(cookieFact, secret_hash, load), 'cookie');
    }
    case 'api-key': {
      const load = async () => toApiKeyFact(await findApiKeyOwner(db, presented.key));
      return acceptApiKey(source, at, await facts.get(apiKeyFact, presented.hash, load)) ?? 'invalid';
    }
  }
}

/** The same from memory alone; undefined when the memory does not have the caller. */
export function peekCaller(source: CredentialSource, credentials: PresentedCredentials): Authentication | undefined {
  const { clock, settings, facts } = source;
  const at = clock.now();
  const presented = readCredentials(credentials);
  switch (presented.kind) {
    case 'none':
      return null;
    case 'invalid':
      return 'invalid';
    case 'token': {
      const claims = settings.tokens.peek(presented.token, at);
      if (!claims) return claims === null ? 'invalid' : undefined;
      const owner = facts.peek(sessionFact, claims.session_id);
      return owner && acceptToken(source, at, claims, owner);
    }
    case 'cookie': {
      const owner = facts.peek(cookieFact, presented.secret_hash);
      return owner && acceptSession(source, at, owner, 'cookie');
    }
    case 'api-key': {
      const owner = facts.peek(apiKeyFact, presented.hash);
      return owner && (acceptApiKey(source, at, owner) ?? 'invalid');
    }
  }
}

function readCredentials({ authorization, session_cookie }: PresentedCredentials): Presented {
  if (authorization === undefined) {
    if (session_cookie === undefined || !cookieShape.test(session_cookie)) return { kind: 'none' };
    return { kind: 'cookie', secret_hash: sha256Hex(session_cookie) };
  }
  const [scheme = '', ...rest] = authorization.trim().split(/ +/);
  const [value] = rest;
  if (value === undefined || rest.length !== 1) return { kind: 'invalid' };
  if (scheme.toLowerCase() === 'bearer') return { kind: 'token', token: value };
  const key = scheme.toLowerCase() === 'basic' ? parseApiKey(value) : null;
  if (!key) return { kind: 'invalid' };
  return { kind: 'api-key', key, hash: sha256Hex(`${key.public_half}:${key.private_half}`) };
}

/** An ended session is stored too: its token is presented until it expires. Its row never becomes active again. */
function toSessionFact(owner: SessionOwner | undefined): LoadedFact<SessionOwner> | undefined {
  return owner && { value: owner, tags: [tag('session', owner.session_id), tag('user', owner.user_id)] };
}

function toApiKeyFact(owner: ApiKeyOwner | undefined): LoadedFact<ApiKeyOwner> | undefined {
  return owner && { value: owner, tags: [tag('api-key', owner.api_key_id), tag('user', owner.user_id)] };
}

function acceptToken(
  source: CredentialSource,
  at: Date,
  claims: TokenClaims,
  owner: SessionOwner | undefined,
): AuthenticatedCaller | 'invalid' {
  if (owner?.user_id !== claims.user_id) return 'invalid';
  return acceptSession(source, at, owner, 'token') ?? 'invalid';
}

function acceptSession(
  { db }: CredentialSource,
  at: Date,
  owner: SessionOwner | undefined,
  via: 'token' | 'cookie',
): AuthenticatedCaller | null {
  if (!owner?.is_open || at >= owner.expires_at) return null;
  const { user_id, username, session_id } = owner;
  const before = new Date(at.getTime() - last_use_every_ms);
  if (owner.last_seen_at <= before) {
    // The one field that changes in memory: a further request of the minute writes nothing.
    owner.last_seen_at = at;
    runInBackground(updateSessionLastSeen(db, session_id, at, before));
  }
  return { user_id, username, session_id, via };
}

function acceptApiKey({ db }: CredentialSource, at: Date, owner: ApiKeyOwner | undefined): AuthenticatedCaller | null {
  if (!owner?.is_active || (owner.ends_at !== null && at >= owner.ends_at)) return null;
  const { user_id, username, api_key_id, last_used_at } = owner;
  if (last_used_at === null || at.getTime() - last_used_at.getTime() >= last_use_every_ms) {
    owner.last_used_at = at;
    runInBackground(updateApiKeyLastUsed(db, api_key_id, at));
  }
  return { user_id, username, session_id: null, via: 'api-key' };
}

/** Ignores failures: only the time of last use is lost, which must neither fail the request nor log an error. */
function runInBackground(work: Promise<void>): void {
  work.catch(() => {});
}
