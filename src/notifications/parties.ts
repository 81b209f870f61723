import { findUserById, type User } from '#accounts';
import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { findProfileViews, type ProfileView } from '#profiles';
import { profileIdIn, userIdIn } from './payload.ts';

/** Finds the profile that a member of a payload names; undefined when it names none or it is gone. */
export async function profileOf(ctx: Context, payload: JsonObject, member: string): Promise<ProfileView | undefined> {
  const id = profileIdIn(payload, member);
  return id === null ? undefined : (await findProfileViews(ctx.db, [id])).get(id);
}

/** Finds the user that a member of a payload names. */
export async function userOf(ctx: Context, payload: JsonObject, member: string): Promise<User | undefined> {
  const id = userIdIn(payload, member);
  return id === null ? undefined : findUserById(ctx.db, id);
}

/** Finds who caused an event; null for the processor, jobs and people who are gone. */
export async function originatorOf(ctx: Context, payload: JsonObject, member = 'originated_by'): Promise<User | null> {
  return (await userOf(ctx, payload, member)) ?? null;
}
