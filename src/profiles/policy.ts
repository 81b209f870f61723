import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { isGlobal, type Profile, role_statuses, type RoleStatus, type RoleType } from './records/index.ts';

/** Says whether the caller manages the broker: the operator of the site. */
export function isBrokerManager(subject: Subject): boolean {
  return subject.relation === 'broker' && subject.is_manager;
}

/** A global type is the operator's, a local one its profile's managers'. */
export function mayEditRoleType(subject: Subject, type: Pick<RoleType, 'profile_id'>): boolean {
  if (isBrokerManager(subject)) return true;
  return !isGlobal(type) && subject.is_manager && type.profile_id === subject.profile_id;
}

/** Providers see who the members are; their phone numbers and sign-ins are for the profile itself and the operator. */
export function maySeeMembersInFull(subject: Subject): boolean {
  return subject.relation === 'direct' || subject.relation === 'broker';
}

/** The last manager may only be taken away by the operator, and from the operator's own profile by nobody. */
export function mayRemoveLastManager(subject: Subject, profile_id: ProfileId, broker_id: ProfileId): boolean {
  return isBrokerManager(subject) && profile_id !== broker_id;
}

/** Managers whom a user let in on the personal profile do not shut that user out: only the user or the broker removes that role. */
export function mayRemoveOwner(
  subject: Subject,
  {
    profile,
    user_id,
    actor_id,
  }: { profile: Pick<Profile, 'personal_user_id'>; user_id: UserId; actor_id: UserId | null },
): boolean {
  return profile.personal_user_id !== user_id || actor_id === user_id || isBrokerManager(subject);
}

/** The broker's notes about a customer are not shown to the customer, nor to its providers. */
export function maySeeActivities(subject: Subject): boolean {
  return subject.relation === 'broker';
}

/** Invitations and requests are between a profile and its members: providers see neither these nor their keys. */
export function maySeePendingRoles(subject: Subject): boolean {
  return subject.relation !== 'provider';
}

/** Managers change a profile; a provider of it does not. */
export function mayEditDetails(subject: Subject): boolean {
  return subject.is_manager && subject.relation !== 'provider';
}

/** Returns the statuses of roles on a profile that a caller may list. */
export function listableRoleStatuses(subject: Subject): readonly RoleStatus[] {
  return maySeePendingRoles(subject) ? role_statuses : ['active'];
}
