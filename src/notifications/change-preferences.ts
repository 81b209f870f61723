import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { type HeldRole, MANAGER } from '#profiles';
import { findUserWithOptouts, replaceOptouts } from './optout-store.ts';
import { offeredEvents, optedOutBy } from './preference.ts';

/** Returns the events that a user is notified of by e-mail. @throws not_found (404) */
export async function getPreferences(ctx: Context, username: string): Promise<string[]> {
  return (await readPreferences(ctx, username)).enabled;
}

/** Returns the events that a user can switch off, and those that are not switched off. @throws not_found (404) */
export async function readPreferences(
  ctx: Context,
  username: string,
): Promise<{ offered: string[]; enabled: string[] }> {
  const { held, optouts } = await getUser(ctx, username);
  const offered = offeredTo(ctx, held);
  return { offered, enabled: offered.filter((event) => !optouts.includes(event)) };
}

/**
 * Opts a user out of all offered events except `kept`; returns the events that the user is then notified of.
 * @throws not_found (404)
 */
export async function changePreferences(ctx: Context, username: string, kept: readonly string[]): Promise<string[]> {
  const { user, held } = await getUser(ctx, username);
  const offered = offeredTo(ctx, held);
  const opted_out = optedOutBy(offered, kept);
  await inTransaction(ctx.db, (tx) => replaceOptouts(tx, user.id, { offered, opted_out }, ctx.clock.now()));
  return offered.filter((event) => !opted_out.includes(event));
}

async function getUser(ctx: Context, username: string) {
  const found = await findUserWithOptouts(ctx.db, username);
  if (!found) throw commonProblems.not_found();
  return found;
}

function offeredTo(ctx: Context, held: readonly HeldRole[]): string[] {
  return offeredEvents(
    held.some(({ profile_id, role_type }) => profile_id === ctx.site.broker_id && role_type === MANAGER),
  );
}
