import { sql } from 'kysely';
import { pointRead } from '#platform/db/built-once';
import type { Db, Reader, Tx } from '#platform/db/database';
import type { SessionId, UserId } from '#platform/db/db-schema';
import { selectUsers, type User } from '../identity/index.ts';

export interface Session {
  id: SessionId;
  user_id: UserId;
  kind: 'token' | 'cookie';
  logged_in_at: Date;
  expires_at: Date;
  last_seen_at: Date;
  ended_at: Date | null;
}

/** User of an active session. */
export interface SignedInUser {
  user: User;
  session: Pick<Session, 'id' | 'kind' | 'expires_at' | 'last_seen_at' | 'logged_in_at'>;
}

export interface NewSession {
  id: SessionId;
  user_id: UserId;
  kind: 'token' | 'cookie';
  secret_hash: string | null;
  created_at: Date;
  logged_in_at: Date;
  expires_at: Date;
  last_seen_at: Date;
  ip: string | null;
  user_agent: string | null;
}

export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  await tx.insertInto('sessions').values(session).execute();
}

function selectSignedInUsers(reader: Reader, at: Date) {
  return selectUsers(reader)
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .select([
      'sessions.id as session_id',
      'sessions.kind as session_kind',
      'sessions.expires_at as session_expires_at',
      'sessions.last_seen_at as session_last_seen_at',
      'sessions.logged_in_at as session_logged_in_at',
    ])
    .where('sessions.ended_at', 'is', null)
    .where('sessions.expires_at', '>', at)
    .where('users.is_active', '=', true);
}

type SignedInUserRow = User & {
  session_id: SessionId;
  session_kind: 'token' | 'cookie';
  session_expires_at: Date;
  session_last_seen_at: Date;
  session_logged_in_at: Date;
};

function toSignedInUser(row: SignedInUserRow | undefined): SignedInUser | undefined {
  if (!row) return undefined;
  const { session_id, session_kind, session_expires_at, session_last_seen_at, session_logged_in_at, ...user } = row;
  return {
    user,
    session: {
      id: session_id,
      kind: session_kind,
      expires_at: session_expires_at,
      last_seen_at: session_last_seen_at,
      logged_in_at: session_logged_in_at,
    },
  };
}

/** Finds an active session with its user, by id. One query over two primary keys. */
export async function findSignedInUser(reader: Reader, id: SessionId, at: Date): Promise<SignedInUser | undefined> {
  return toSignedInUser(await selectSignedInUsers(reader, at).where('sessions.id', '=', id).executeTakeFirst());
}

/** A session with its user, as each request needs them; an ended one too. */
export interface SessionOwner {
  user_id: UserId;
  username: string;
  session_id: SessionId;
  /** False after the session was ended or its user archived. */
  is_open: boolean;
  expires_at: Date;
  last_seen_at: Date;
}

function selectSessionOwners(reader: Reader) {
  return reader
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id as user_id', 'users.username'])
    .select(['sessions.id as session_id', 'sessions.expires_at', 'sessions.last_seen_at'])
    .select(sql<boolean>`sessions.ended_at is null and users.is_active`.as('is_open'));
}

const sessionOwnerById = pointRead((reader, id: SessionId) =>
  selectSessionOwners(reader).where('sessions.id', '=', id),
);
const sessionOwnerBySecret = pointRead((reader, secret_hash: string) =>
  selectSessionOwners(reader).where('sessions.secret_hash', '=', secret_hash),
);

/** Finds a session and its owner. One query over two primary keys. */
export async function findSessionOwner(reader: Reader, id: SessionId): Promise<SessionOwner | undefined> {
  const [found] = await sessionOwnerById(reader, id);
  return found;
}

/** Finds a browser session and its owner by the hash of its cookie. */
export async function findSessionOwnerBySecret(reader: Reader, secret_hash: string): Promise<SessionOwner | undefined> {
  const [found] = await sessionOwnerBySecret(reader, secret_hash);
  return found;
}

/** Returns the sessions that are active at the instant, in one query. */
export async function findActiveSessionIds(
  reader: Reader,
  ids: readonly SessionId[],
  at: Date,
): Promise<ReadonlySet<SessionId>> {
  if (ids.length === 0) return new Set();
  const rows = await selectSessionOwners(reader)
    .where('sessions.id', 'in', [...new Set(ids)])
    .where('sessions.ended_at', 'is', null)
    .where('sessions.expires_at', '>', at)
    .where('users.is_active', '=', true)
    .execute();
  return new Set(rows.map(({ session_id }) => session_id));
}

/** Extends a session; never shortens it. */
export async function updateSessionExpiry(tx: Tx, id: SessionId, expires_at: Date): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ expires_at: sql<Date>`greatest(expires_at, ${expires_at})` })
    .where('id', '=', id)
    .execute();
}

/**
 * Stores the last use of a session, unless a use after `before` is stored. Runs outside a transaction, since no other
 * write depends on it.
 */
export async function updateSessionLastSeen(db: Db, id: SessionId, at: Date, before: Date): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ last_seen_at: at })
    .where('id', '=', id)
    .where('last_seen_at', '<=', before)
    .execute();
}

/** True if the session was ended or deleted. */
export async function hasSessionEnded(reader: Reader, id: SessionId): Promise<boolean> {
  const session = await reader.selectFrom('sessions').select('ended_at').where('id', '=', id).executeTakeFirst();
  return session === undefined || session.ended_at !== null;
}

/** Ends a session; keeps the instant of an earlier end. */
export async function endSession(tx: Tx, id: SessionId, at: Date): Promise<void> {
  await tx.updateTable('sessions').set({ ended_at: at }).where('id', '=', id).where('ended_at', 'is', null).execute();
}

/** Ends every session of a user except one. Their tokens and cookies become invalid, including stolen ones. */
export async function endSessions(
  tx: Tx,
  user_id: UserId,
  at: Date,
  { except = null }: { except?: SessionId | null } = {},
): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ ended_at: at })
    .where('user_id', '=', user_id)
    .$if(except !== null, (query) => query.where('id', '<>', except))
    .where('ended_at', 'is', null)
    .execute();
}

/** Deletes sessions that ended or expired before the instant; returns how many. */
export async function deleteSessionsBefore(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('sessions')
    .where('id', 'in', (ended) =>
      ended
        .selectFrom('sessions')
        .select('id')
        .where((eb) => eb.or([eb('expires_at', '<', before), eb('ended_at', '<', before)]))
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
