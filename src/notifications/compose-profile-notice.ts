import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { findRoleType } from '#profiles';
import { type Notice, notice } from './notice.ts';
import { originatorOf, profileOf, userOf } from './parties.ts';
import { objectIn, profileIdIn, textIn } from './payload.ts';

export async function composeProfileUpdated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const profile = await profileOf(ctx, payload, 'profile_id');
  if (!profile) return null;
  return notice('profile_updated', {
    parties: { profile },
    originator: await originatorOf(ctx, payload),
    path: paths.profile(profile.slug),
    data: { changes: objectIn(payload, 'changes') },
  });
}

/**
 * An invitation, or word of a role that is in effect already.
 *
 * Somebody without a password gets the one link that sets it; the invitation waits behind it.
 */
export async function composeRoleGrantCreated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const told = await composeRoleNotice(ctx, payload, 'role_grant_created');
  if (!told) return null;
  const grant_key = textIn(payload, 'grant_key');
  const key = textIn(payload, 'key');
  const accepting = grant_key === null ? paths.app(told.slug) : paths.roleAccept(grant_key);
  return {
    ...told.notice,
    // A theme may speak differently to each role.
    templates: [`${textIn(payload, 'role_type') ?? ''}_role_grant_created`, 'role_grant_created'],
    path: key === null ? accepting : paths.activate(key),
    data: { ...told.notice.data, needs_accept: grant_key !== null },
  };
}

export async function composeRoleGrantAccepted(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const told = await composeRoleNotice(ctx, payload, 'role_grant_accepted');
  return told && { ...told.notice, path: paths.roles(told.slug, textIn(payload, 'role_type') ?? undefined) };
}

export async function composeRoleRequestCreated(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const told = await composeRoleNotice(ctx, payload, 'role_request_created');
  return told && { ...told.notice, path: paths.roles(told.slug) };
}

async function composeRoleNotice(
  ctx: Context,
  payload: JsonObject,
  event: string,
): Promise<{ notice: Notice; slug: string } | null> {
  const profile = await profileOf(ctx, payload, 'profile_id');
  const user = await userOf(ctx, payload, 'user_id');
  if (!profile || !user) return null;
  const data = { role_description: await describeRole(ctx, payload), detail: textIn(payload, 'message') ?? '' };
  const originator = await originatorOf(ctx, payload);
  return { notice: notice(event, { parties: { profile, user }, originator, data }), slug: profile.slug };
}

async function describeRole(ctx: Context, payload: JsonObject): Promise<{ slug: string; title: string } | null> {
  const slug = textIn(payload, 'role_type');
  const profile_id = profileIdIn(payload, 'profile_id');
  if (slug === null || profile_id === null) return null;
  return { slug, title: (await findRoleType(ctx.db, profile_id, slug))?.title ?? slug };
}
