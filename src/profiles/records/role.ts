import { isEmailVerified } from '#accounts';
import type { ProfileId, RoleId, RoleTypeId, UserId } from '#platform/db/db-schema';

/** What ties one user to one profile: held, offered by the profile or asked for by the user. At most one per pair. */
export interface Role {
  id: RoleId;
  user_id: UserId;
  profile_id: ProfileId;
  /** Null only for a request that names no type. */
  role_type_id: RoleTypeId | null;
  grant_key: string | null;
  request_key: string | null;
  key_expires_at: Date | null;
  /** Address an invitation was sent to when it was not addressed to a username. */
  invited_email: string | null;
  accepted_at: Date | null;
  last_notified_at: Date | null;
  created_at: Date;
  ends_at: Date | null;
  extra: string | null;
}

export type RoleState = 'none' | 'invited' | 'lapsed' | 'requested' | 'active' | 'ended';

/** Days an invitation can be accepted. */
export const INVITATION_DAYS = 30;

/** Names the state of the one row a user may have on a profile; only `active` gives any permission. */
export function roleState(role: Role | undefined, at: Date): RoleState {
  if (role === undefined) return 'none';
  if (role.request_key !== null) return 'requested';
  if (role.grant_key !== null) return role.key_expires_at !== null && at >= role.key_expires_at ? 'lapsed' : 'invited';
  if (role.ends_at !== null && at >= role.ends_at) return 'ended';
  return 'active';
}

/** True while the user or the profile has still to agree. */
export function isPending(role: Pick<Role, 'grant_key' | 'request_key'>): boolean {
  return role.grant_key !== null || role.request_key !== null;
}

export type RoleRefusal = 'role_already_held' | 'role_already_offered';

/** What a manager's grant does to the row. `invite` draws a new key, `reinvite` keeps the one that was sent. */
export type GrantStep =
  | { does: 'invite' | 'reinvite' | 'activate' | 'nothing' }
  | { does: 'refuse'; refusal: RoleRefusal };

/**
 * Decides what granting a type does.
 *
 * Why an active role never changes its type: the user agreed to that one, and a manager made powerless by a grant
 * could not undo it. Revoke and invite instead.
 * `is_unproven`: the user was meant by an e-mail address that nobody has proved yet; then even a request waits.
 * @see spec/identity.md 9.2 and 16.4 (21)
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
    case 'ended':
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

/** What a user's request does to the row. `rerequest` keeps the key and replaces the type. */
export type RequestStep =
  | { does: 'request' | 'rerequest' | 'accept' | 'nothing' }
  | { does: 'refuse'; refusal: RoleRefusal };

/**
 * Decides what a request for a type, or for none in particular, does.
 *
 * A request never takes away what the user holds or was offered.
 * @see spec/identity.md 9.2
 */
export function decideRequest(role: Role | undefined, role_type_id: RoleTypeId | null, at: Date): RequestStep {
  const isSame = role_type_id === null || role?.role_type_id === role_type_id;
  switch (roleState(role, at)) {
    case 'none':
    case 'lapsed':
    case 'ended':
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
 * Says why a user may not accept an invitation, or null.
 *
 * An invitation sent to an address is for whoever reads mail there: an account that merely typed the address at
 * registration has to prove it first.
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
