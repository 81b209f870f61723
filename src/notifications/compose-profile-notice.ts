import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import {
  findRoleType,
  type profileUpdated,
  type ProfileView,
  type roleGrantAccepted,
  type roleGrantCreated,
  type roleRequestCreated,
} from '#profiles';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import { findOriginator, findProfileParty, findUserParty } from './parties.ts';

export async function composeProfileUpdated(
  ctx: Context,
  payload: PayloadOf<typeof profileUpdated>,
): Promise<Notice | null> {
  const profile = await findProfileParty(ctx, payload.profile_id);
  if (!profile) return null;
  return makeNotice('profile_updated', {
    parties: { profile },
    originator: await findOriginator(ctx, payload.originated_by),
    path: paths.profile(profile.slug),
    data: { changes: payload.changes },
  });
}

/**
 * Builds an invitation to a role, or the notice of a role that is in effect.
 *
 * An invited user without a password gets only the link that sets it; the invitation is shown after that.
 */
export async function composeRoleGrantCreated(
  ctx: Context,
  payload: PayloadOf<typeof roleGrantCreated>,
): Promise<Notice | null> {
  const { grant_key, key, role_type } = payload;
  const base = await makeRoleNotice(ctx, payload, 'role_grant_created');
  if (!base) return null;
  const accepting = grant_key === null ? paths.app(base.profile.slug) : paths.roleAccept(grant_key);
  return {
    ...base.notice,
    // A theme can have a template per role type.
    templates: [`${role_type ?? ''}_role_grant_created`, 'role_grant_created'],
    path: key === null ? accepting : paths.activate(key),
    data: { ...base.notice.data, needs_accept: grant_key !== null },
  };
}

export async function composeRoleGrantAccepted(
  ctx: Context,
  payload: PayloadOf<typeof roleGrantAccepted>,
): Promise<Notice | null> {
  const base = await makeRoleNotice(ctx, payload, 'role_grant_accepted');
  return base && { ...base.notice, path: paths.roles(base.profile.slug, payload.role_type ?? undefined) };
}

export async function composeRoleRequestCreated(
  ctx: Context,
  payload: PayloadOf<typeof roleRequestCreated>,
): Promise<Notice | null> {
  const base = await makeRoleNotice(ctx, payload, 'role_request_created');
  return base && { ...base.notice, path: paths.roles(base.profile.slug) };
}

/** Makes the part that all notices about roles share; null if the profile or the user was deleted. */
async function makeRoleNotice(
  ctx: Context,
  payload: PayloadOf<typeof roleGrantAccepted>,
  event: string,
): Promise<{ notice: Notice; profile: ProfileView } | null> {
  const profile = await findProfileParty(ctx, payload.profile_id);
  const user = await findUserParty(ctx, payload.user_id);
  if (!profile || !user) return null;
  const originator = await findOriginator(ctx, payload.originated_by);
  const data = { role_description: await describeRole(ctx, payload), detail: payload.message ?? '' };
  return { notice: makeNotice(event, { parties: { profile, user }, originator, data }), profile };
}

async function describeRole(
  ctx: Context,
  { profile_id, role_type: slug }: PayloadOf<typeof roleGrantAccepted>,
): Promise<{ slug: string; title: string } | null> {
  if (slug === null) return null;
  return { slug, title: (await findRoleType(ctx.db, profile_id, slug))?.title ?? slug };
}
