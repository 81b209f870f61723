import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findProfileById, findProfileSummaries, type Profile } from '#profiles';

/** Profile that pays, and the signed-in user whose cart it pays for. */
export interface Payer {
  payer: Profile;
  owner: { user_id: UserId };
}

/**
 * Loads the payer: the profile that the path names, with the cart of the signed-in user.
 * @throws not_found (404) without a signed-in user or without the profile
 */
export async function getPayer({ ctx, subject }: FastifyRequest): Promise<Payer> {
  if (ctx.actor.kind !== 'user' || subject.profile_id === null) throw commonProblems.not_found();
  return { payer: await getProfileById(ctx.db, subject.profile_id), owner: { user_id: ctx.actor.user_id } };
}

/**
 * Returns the ids of the payer and of the signed-in user, for a verb that loads the payer under its lock.
 * @throws not_found (404) without a signed-in user or without the profile
 */
export function getPayerId({ ctx, subject }: FastifyRequest): { payer_id: ProfileId; owner: { user_id: UserId } } {
  if (ctx.actor.kind !== 'user' || subject.profile_id === null) throw commonProblems.not_found();
  return { payer_id: subject.profile_id, owner: { user_id: ctx.actor.user_id } };
}

/** @throws not_found (404) */
export async function getProfileById(reader: Reader, id: ProfileId): Promise<Profile> {
  const profile = await findProfileById(reader, id);
  if (!profile) throw commonProblems.not_found();
  return profile;
}

/** Loads the profile as the head of billing pages shows it. */
export async function loadPayerSummary(
  reader: Reader,
  profile: Profile,
): Promise<{ slug: string; printable_name: string }> {
  const summary = (await findProfileSummaries(reader, [profile.id])).get(profile.id);
  return { ...(summary ?? { slug: profile.slug, printable_name: profile.full_name }) };
}
