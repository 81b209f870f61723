import type { ProfileId, RoleId, UserId } from '#platform/db/db-schema';
import type { FieldChanges } from './records/index.ts';

/** A user registered; told to the user, only on sites that welcome by mail. */
export const userWelcome = (payload: { user_id: UserId }) => ({ name: 'user_welcome', payload });

/** A login without password was made for somebody unknown who was invited by e-mail. */
export const userInvited = (payload: { user_id: UserId; profile_id: ProfileId; originated_by: UserId | null }) => ({
  name: 'user_invited',
  payload,
});

/** Fields of a profile changed. `changes` holds the former and the new text of each. */
export const profileUpdated = (payload: {
  profile_id: ProfileId;
  changes: FieldChanges;
  originated_by: UserId | null;
}) => ({ name: 'profile_updated', payload });

/** What a role event tells: ids, and the words that came with it. */
export interface RoleEventPayload {
  role_id: RoleId;
  profile_id: ProfileId;
  user_id: UserId;
  role_type: string | null;
  message: string | null;
  originated_by: UserId | null;
}

/**
 * A role was granted, offered or its invitation sent again.
 *
 * `grant_key` is null when the role is in effect already. `key` activates the account of an invitee who has no password yet.
 */
export const roleGrantCreated = (payload: RoleEventPayload & { grant_key: string | null; key: string | null }) => ({
  name: 'role_grant_created',
  payload,
});

/** The invited user accepted a role. */
export const roleGrantAccepted = (payload: RoleEventPayload) => ({ name: 'role_grant_accepted', payload });

/** A role, an invitation or a request was taken away, from either side. */
export const roleRevoked = (payload: {
  role_id: RoleId;
  profile_id: ProfileId;
  user_id: UserId;
  originated_by: UserId | null;
}) => ({ name: 'role_revoked', payload });

/** A user asked for a role on a profile. */
export const roleRequestCreated = (payload: RoleEventPayload & { request_key: string | null }) => ({
  name: 'role_request_created',
  payload,
});

/** A user signed, or signed again, a version of an agreement. */
export const agreementSigned = (payload: { user_id: UserId; agreement: string; signed_at: string }) => ({
  name: 'agreement_signed',
  payload,
});

/** A profile was archived: its roles are gone, its slug and e-mail are opaque. */
export const profileArchived = (payload: { profile_id: ProfileId; originated_by: UserId | null }) => ({
  name: 'profile_archived',
  payload,
});
