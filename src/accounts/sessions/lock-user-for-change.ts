import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { requireUser } from '../actor.ts';
import { hasSessionEnded } from './session-store.ts';
import { lockCredentials } from '../identity/index.ts';

/**
 * Locks the row of a user whose credentials the caller changes and checks that the caller's session still stands.
 *
 * Why again: between the check of the secrets and this transaction the owner of the address may have removed everything
 * that was set up before, sessions included. That happens under the same lock.
 * Locks: the user's row.
 * @throws credentials_invalid (401)
 */
export async function lockUserForChange(tx: Tx, ctx: Context, user_id: UserId): Promise<void> {
  const { session_id } = requireUser(ctx);
  const held = await lockCredentials(tx, user_id);
  if (!held) throw commonProblems.not_found();
  if (session_id !== null && (await hasSessionEnded(tx, session_id)))
    throw commonProblems.credentials_invalid({ location: paths.login() });
}
