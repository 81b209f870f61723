import { Type } from 'typebox';
import { findUserById } from '#accounts';
import { actorId } from '#platform/actor-id';
import type { ProfileId, RoleTypeId, UserId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { emit, idOf } from '#platform/jobs/events';
import { undoProblems } from '#platform/pages/undo/problems';
import { defineUndo } from '#platform/pages/undo/undo-type';
import { roleRestored } from '../events.ts';
import { findRoleTypesByIds, insertRole, lockProfile, lockRole } from '../records/index.ts';

/** A removed role in effect. Invitations and requests are sent again instead: their keys are gone. */
const RevokedRole = Type.Object({
  profile_id: idOf<ProfileId>(),
  profile_slug: Type.String(),
  user_id: idOf<UserId>(),
  role_type_id: idOf<RoleTypeId>(),
  accepted_at: Type.Union([Type.String(), Type.Null()]),
  created_at: Type.String(),
  extra: Type.Union([Type.String(), Type.Null()]),
});

/**
 * Gives a removed role back to its user, unchanged: the user had agreed to it.
 *
 * Locks: the row of the profile. Refused when the user was archived or has another role, an invitation or a request on
 * the profile meanwhile, and when the profile or the type is gone.
 */
export const roleRevocationUndo = defineUndo(RevokedRole, {
  kind: 'role',
  access: { kind: 'direct' },
  params: ({ profile_slug }) => ({ profile: profile_slug }),
  async undo(ctx, tx, revoked, subject) {
    const { profile_id, user_id, role_type_id, extra } = revoked;
    // The slug may belong to another profile by now: the caller's right is on the profile of the slug.
    if (subject.profile_id !== profile_id) throw undoProblems.undo_refused();
    const profile = await lockProfile(tx, profile_id);
    const user = await findUserById(tx, user_id);
    const type = (await findRoleTypesByIds(tx, [role_type_id])).get(role_type_id);
    const present = await lockRole(tx, profile_id, user_id);
    if (!profile.is_active || user?.is_active !== true || !type || present) throw undoProblems.undo_refused();
    const accepted_at = revoked.accepted_at === null ? null : new Date(revoked.accepted_at);
    const role = await insertRole(
      tx,
      { profile_id, user_id, role_type_id, extra, accepted_at },
      new Date(revoked.created_at),
    );
    const payload = { role_id: role.id, profile_id, user_id, originated_by: actorId(ctx) };
    await emit(tx, roleRestored(payload), ctx.clock.now());
    return {
      text: `${user.full_name || user.username} has the role ${type.title} again.`,
      location: paths.roles(profile.slug),
    };
  },
});
