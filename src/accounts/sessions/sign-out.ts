import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { requireNoApiKey, requireUser } from '../actor.ts';
import { endSession, endSessions } from './session-store.ts';

/**
 * Ends the session of the caller, or every session of the user. Tokens and cookies become invalid immediately. An API
 * key has no session, and ends none: who holds it must not sign the user out.
 * @throws api_key_refused (403) if an API key asks for the end of every session
 */
export async function signOut(ctx: Context, { everywhere }: { everywhere: boolean }): Promise<void> {
  const { user_id, session_id } = requireUser(ctx);
  if (everywhere) requireNoApiKey(ctx);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    if (everywhere) await endSessions(tx, user_id, at);
    else if (session_id !== null) await endSession(tx, session_id, at);
  });
}
