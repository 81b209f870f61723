import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { SessionId } from '#platform/db/db-schema';
import type { AccountsSettings } from '../settings.ts';
import { authenticate } from './authenticate.ts';
import { findActiveSessionIds } from './session-store.ts';

/** A caller whose connection stays open after its request was authenticated. */
export interface ConnectedCaller {
  /** Null for an API key. */
  readonly session_id: SessionId | null;
  readonly authorization: string | undefined;
}

/**
 * Returns the callers whose session or API key still stands.
 * One query for all sessions and one for each different API key.
 */
export async function findAuthenticatedCallers<C extends ConnectedCaller>(
  db: Db,
  clock: Clock,
  settings: AccountsSettings,
  callers: readonly C[],
): Promise<ReadonlySet<C>> {
  const ids = callers.flatMap(({ session_id }) => (session_id === null ? [] : [session_id]));
  const standing = await findActiveSessionIds(db, ids, clock.now());
  const valid_keys = new Set<string | undefined>();
  for (const authorization of new Set(callers.filter(isByKey).map((caller) => caller.authorization))) {
    const caller = await authenticate(db, clock, settings, { authorization, session_cookie: undefined });
    if (caller !== null && caller !== 'invalid') valid_keys.add(authorization);
  }
  const stands = (caller: C) =>
    caller.session_id === null ? valid_keys.has(caller.authorization) : standing.has(caller.session_id);
  return new Set(callers.filter(stands));
}

function isByKey({ session_id }: ConnectedCaller): boolean {
  return session_id === null;
}
