import { findUserByUsername, type User } from '#accounts';
import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { MANAGER, findHeldRoles } from '#profiles';
import { findOptouts, replaceOptouts } from './optout-store.ts';
import { offeredEvents, optedOutBy } from './preference.ts';

/** Returns the events that a user is notified of by e-mail. @throws not_found (404) */
export async function getPreferences(ctx: Context, username: string): Promise<string[]> {
  const user = await getUser(ctx, username);
  const optouts = new Set(await findOptouts(ctx.db, user.id));
  return (await offeredTo(ctx, user)).filter((event) => !optouts.has(event));
}

/**
 * Opts a user out of all offered events except `kept`; returns the events that the user is then notified of.
 * @throws not_found (404)
 */
export async function changePreferences(ctx: Context, username: string, kept: readonly string[]): Promise<string[]> {
  const user = await getUser(ctx, username);
  const offered = await offeredTo(ctx, user);
  const opted_out = optedOutBy(offered, kept);
  await inTransaction(ctx.db, (tx) => replaceOptouts(tx, user.id, { offered, opted_out }, ctx.clock.now()));
  return offered.filter((event) => !opted_out.includes(event));
}

async function getUser(ctx: Context, username: string): Promise<User> {
  const user = await findUserByUsername(ctx.db, username);
  if (!user) throw commonProblems.not_found();
  return user;
}

async function offeredTo(ctx: Context, user: User): Promise<string[]> {
  const roles = await findHeldRoles(ctx.db, user.id);
  return offeredEvents(
    roles.some(({ profile_id, role_type }) => profile_id === ctx.site.broker_id && role_type === MANAGER),
  );
}
