import { isEmailVerified } from '#accounts';
import type { ProfileId, RoleId, RoleTypeId, UserId } from '#platform/db/db-schema';

/** Role of one user on one profile: active, invited by the profile or requested by the user. At most one per pair. */
export interface Role {
  id: RoleId;
  user_id: UserId;
  profile_id: ProfileId;
  /** Null only for a request that names no type. */
  role_type_id: RoleTypeId | null;
  grant_key: string | null;
  request_key: string | null;
  key_expires_at: Date | null;
  /** Address that the invitation was sent to; null when the user was invited by username. */
  invited_email: string | null;
  /** Instant at which the user agreed; null while pending and for a role that was given without consent. */
  accepted_at: Date | null;
  last_notified_at: Date | null;
  created_at: Date;
  extra: string | null;
}

export type RoleState = 'none' | 'invited' | 'lapsed' | 'requested' | 'active';

/** Number of days for which an invitation can be accepted. */
export const INVITATION_DAYS = 30;

/** Returns the state of a user on a profile. Only `active` gives permissions. `key_expires_at` is exclusive. */
export function roleState(role: Role | undefined, at: Date): RoleState {
  if (role === undefined) return 'none';
  if (role.request_key !== null) return 'requested';
  if (role.grant_key !== null) return role.key_expires_at !== null && at >= role.key_expires_at ? 'lapsed' : 'invited';
  return 'active';
}

/** True for an invitation or a request, which the other side has not accepted yet. */
export function isPending(role: Pick<Role, 'grant_key' | 'request_key'>): boolean {
  return role.grant_key !== null || role.request_key !== null;
}

export type RoleRefusal = 'role_already_held' | 'role_already_offered';

/** Effect of a grant on the row. `invite` generates a new key; `reinvite` keeps the key that was sent. */
export type GrantStep =
  | { does: 'invite' | 'reinvite' | 'activate' | 'nothing' }
  | { does: 'refuse'; refusal: RoleRefusal };

/**
 * Returns the effect of granting a type on the role that the user has, if any.
 *
 * Why an active role never changes its type: the user agreed to that type only, and a manager who is demoted by a
 * grant cannot reverse it. Revoke the role and invite the user instead.
 * `is_unproven`: the caller named the user by an e-mail address that the user has not verified; then a grant that
 * matches a request sends an invitation instead of giving a role in effect.
 * Source: docs/spec/identity.md 9.2 and 16.4.
 */
export function decideGrant(
  role: Role | undefined,
  role_type_id: RoleTypeId,
  options: { asks_user: boolean; is_unproven: boolean },
  at: Date,
): GrantStep {
  switch (roleState(role, at)) {
    case 'none':
    case 'lapsed':
      return { does: options.asks_user ? 'invite' : 'activate' };
    case 'requested':
      return { does: options.is_unproven ? 'invite' : 'activate' };
    case 'invited':
      return { does: options.asks_user ? 'reinvite' : 'activate' };
    case 'active':
      if (role?.role_type_id === role_type_id) return { does: 'nothing' };
      return { does: 'refuse', refusal: 'role_already_held' };
  }
}

/** Effect of a request on the row. `rerequest` keeps the key and replaces the type. */
export type RequestStep =
  | { does: 'request' | 'rerequest' | 'accept' | 'nothing' }
  | { does: 'refuse'; refusal: RoleRefusal };

/**
 * Returns the effect of a request for a type, or for any type when `role_type_id` is null.
 *
 * A request never removes a role or an invitation of the user.
 * Source: docs/spec/identity.md 9.2.
 */
export function decideRequest(role: Role | undefined, role_type_id: RoleTypeId | null, at: Date): RequestStep {
  const isSame = role_type_id === null || role?.role_type_id === role_type_id;
  switch (roleState(role, at)) {
    case 'none':
    case 'lapsed':
      return { does: 'request' };
    case 'requested':
      return { does: 'rerequest' };
    case 'invited':
      return isSame ? { does: 'accept' } : { does: 'refuse', refusal: 'role_already_offered' };
    case 'active':
      return isSame ? { does: 'nothing' } : { does: 'refuse', refusal: 'role_already_held' };
  }
}

/**
 * Returns the reason why a user cannot accept an invitation, or null.
 *
 * An invitation to an address requires that the user has verified that address: at registration any user can enter it.
 */
export function refuseAcceptance(
  role: Role,
  user: { id: UserId; email: string | null; email_verified_at: Date | null },
  at: Date,
): 'role_key_unknown' | 'email_unverified' | null {
  if (role.user_id !== user.id || roleState(role, at) !== 'invited') return 'role_key_unknown';
  if (role.invited_email === null) return null;
  const isProven = isEmailVerified(user) && user.email?.toLowerCase() === role.invited_email.toLowerCase();
  return isProven ? null : 'email_unverified';
}
