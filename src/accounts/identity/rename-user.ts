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
 * Renames a user and, through `onRename`, the personal profile, in one transaction.
 *
 * The former name stays reserved for 90 days, so that no other user can impersonate the renamed one.
 * @throws invalid_input (400) naming `slug` if it is not a valid name, `username` if it is taken
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
