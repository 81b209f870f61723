import { canonicalName } from '#kernel/slug';
import { invalidInput } from '#kernel/problem';
import type { Tx } from '#platform/db/database';
import type { AccountsHooks } from '../hooks.ts';
import { usernameTakenProblem } from './insert-user.ts';
import { claimName, releaseName } from './name-store.ts';
import { findUserByUsername, updateUserRow } from './user-store.ts';
import type { User } from './user.ts';
import { isUsername, usernameLengthMax } from './username.ts';

/**
 * Gives a user another name, and with it whatever else bears the name: all in this transaction or nothing.
 *
 * The name given up stays reserved for a while, so that nobody takes the place of somebody others still know by it.
 * @throws invalid_input (400) naming `slug` when it cannot be a name, `username` when it is taken
 */
export async function renameUser(tx: Tx, hooks: AccountsHooks, user: User, wanted: string, at: Date): Promise<void> {
  const to = canonicalName(wanted);
  if (to === user.username) return;
  if (!isUsername(to) || to.length > usernameLengthMax) {
    throw invalidInput({ slug: [`Use up to ${usernameLengthMax} letters, digits, - and _.`] });
  }
  const holder = await findUserByUsername(tx, to);
  if (holder || !(await claimName(tx, to, { user_id: user.id }, at))) throw usernameTakenProblem();
  await releaseName(tx, user.username, at);
  await updateUserRow(tx, user.id, { username: to });
  await hooks.onRename(tx, { user_id: user.id, from: user.username, to }, at);
}
