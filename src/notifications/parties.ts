import { findUserById, type User } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { findProfileViews, type ProfileView } from '#profiles';

/** Finds a profile of an event; undefined without an id or if the profile was deleted. */
export async function findProfileParty(ctx: Context, id: ProfileId | null): Promise<ProfileView | undefined> {
  return id === null ? undefined : (await findProfileViews(ctx.db, [id])).get(id);
}

/** Finds a user of an event; undefined without an id or if the user was deleted. */
export async function findUserParty(ctx: Context, id: UserId | null): Promise<User | undefined> {
  return id === null ? undefined : findUserById(ctx.db, id);
}

/** Finds the user who caused an event; null for a processor, a job or a deleted user. */
export async function findOriginator(ctx: Context, id: UserId | null): Promise<User | null> {
  return (await findUserParty(ctx, id)) ?? null;
}
