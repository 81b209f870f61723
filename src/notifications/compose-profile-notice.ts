import { paths } from '#platform/http/paths';
import {
  type profileUpdated,
  type ProfileView,
  type roleGrantAccepted,
  type roleGrantCreated,
  type roleRequestCreated,
} from '#profiles';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

export function composeProfileUpdated(found: Parties, payload: PayloadOf<typeof profileUpdated>): Notice | null {
  const profile = found.profile(payload.profile_id);
  if (!profile) return null;
  return makeNotice('profile_updated', {
    parties: { profile },
    originator: found.originator(payload.originated_by),
    path: paths.profile(profile.slug),
    data: { changes: payload.changes },
  });
}

/**
 * Builds an invitation to a role, or the notice of a role that is in effect.
 *
 * An invited user without a password gets only the link that sets it; the invitation is shown after that.
 */
export function composeRoleGrantCreated(found: Parties, payload: PayloadOf<typeof roleGrantCreated>): Notice | null {
  const { grant_key, key, role_type } = payload;
  const base = makeRoleNotice(found, payload, 'role_grant_created');
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

export function composeRoleGrantAccepted(found: Parties, payload: PayloadOf<typeof roleGrantAccepted>): Notice | null {
  const base = makeRoleNotice(found, payload, 'role_grant_accepted');
  return base && { ...base.notice, path: paths.roles(base.profile.slug, payload.role_type ?? undefined) };
}

export function composeRoleRequestCreated(
  found: Parties,
  payload: PayloadOf<typeof roleRequestCreated>,
): Notice | null {
  const base = makeRoleNotice(found, payload, 'role_request_created');
  return base && { ...base.notice, path: paths.roles(base.profile.slug) };
}

/** Makes the part that all notices about roles share; null if the profile or the user was deleted. */
function makeRoleNotice(
  found: Parties,
  payload: PayloadOf<typeof roleGrantAccepted>,
  event: string,
): { notice: Notice; profile: ProfileView } | null {
  const profile = found.profile(payload.profile_id);
  const user = found.user(payload.user_id);
  if (!profile || !user) return null;
  const originator = found.originator(payload.originated_by);
  const data = { role_description: describeRole(found, payload), detail: payload.message ?? '' };
  return { notice: makeNotice(event, { parties: { profile, user }, originator, data }), profile };
}

function describeRole(
  found: Parties,
  { profile_id, role_type: slug }: PayloadOf<typeof roleGrantAccepted>,
): { slug: string; title: string } | null {
  if (slug === null) return null;
  return { slug, title: found.roleTitle(profile_id, slug) ?? slug };
}
