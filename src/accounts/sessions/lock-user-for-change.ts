import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { requireUser } from '../actor.ts';
import { hasSessionEnded } from './session-store.ts';
import { lockCredentials } from '../identity/index.ts';

/**
 * Locks a user whose credentials the caller changes and requires that the caller's session is still active.
 *
 * The session is checked again because a first proof of the address may have ended it since the secrets were checked.
 * The first proof takes the same lock.
 * Locks: the user's row.
 * @throws not_found (404), credentials_invalid (401)
 */
export async function lockUserForChange(tx: Tx, ctx: Context, user_id: UserId): Promise<void> {
  const { session_id } = requireUser(ctx);
  const locked = await lockCredentials(tx, user_id);
  if (!locked) throw commonProblems.not_found();
  if (session_id !== null && (await hasSessionEnded(tx, session_id)))
    throw commonProblems.credentials_invalid({ location: paths.login() });
}
