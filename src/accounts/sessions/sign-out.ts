import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { requireUser } from '../actor.ts';
import { endSession, endSessions } from './session-store.ts';

/** Ends the session of the caller, or every session. Its tokens and cookie become invalid immediately. */
export async function signOut(ctx: Context, { everywhere }: { everywhere: boolean }): Promise<void> {
  const { user_id, session_id } = requireUser(ctx);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    if (everywhere) await endSessions(tx, user_id, at);
    else if (session_id !== null) await endSession(tx, session_id, at);
  });
}
