import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { SessionId } from '#platform/db/db-schema';
import { noFacts } from '#platform/facts/facts';
import type { AccountsSettings } from '../settings.ts';
import { authenticate } from './authenticate.ts';
import { findActiveSessionIds } from './session-store.ts';

/** Caller of a connection that stays open after the request was authenticated. */
export interface ConnectedCaller {
  /** Null for an API key. */
  readonly session_id: SessionId | null;
  readonly authorization: string | undefined;
}

/**
 * Returns the callers whose session or API key is still valid.
 *
 * One query for all sessions and one per distinct API key.
 */
export async function findAuthenticatedCallers<C extends ConnectedCaller>(
  db: Db,
  clock: Clock,
  settings: AccountsSettings,
  callers: readonly C[],
): Promise<ReadonlySet<C>> {
  const ids = callers.flatMap(({ session_id }) => (session_id === null ? [] : [session_id]));
  const active_ids = await findActiveSessionIds(db, ids, clock.now());
  const valid_keys = new Set<string | undefined>();
  for (const authorization of new Set(callers.filter(usesApiKey).map((caller) => caller.authorization))) {
    const source = { db, clock, settings, facts: noFacts };
    const caller = await authenticate(source, { authorization, session_cookie: undefined });
    if (caller !== null && caller !== 'invalid') valid_keys.add(authorization);
  }
  const isAuthenticated = (caller: C) =>
    caller.session_id === null ? valid_keys.has(caller.authorization) : active_ids.has(caller.session_id);
  return new Set(callers.filter(isAuthenticated));
}

function usesApiKey({ session_id }: ConnectedCaller): boolean {
  return session_id === null;
}
