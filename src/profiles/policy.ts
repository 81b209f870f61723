import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { isGlobal, type Profile, role_statuses, type RoleStatus, type RoleType } from './records/index.ts';

/** True if the caller is a manager of the broker. */
export function isBrokerManager(subject: Subject): boolean {
  return subject.relation === 'broker' && subject.is_manager;
}

/** Broker managers may edit every role type, managers of a profile its local types. */
export function mayEditRoleType(subject: Subject, type: Pick<RoleType, 'profile_id'>): boolean {
  if (isBrokerManager(subject)) return true;
  return !isGlobal(type) && subject.is_manager && type.profile_id === subject.profile_id;
}

/**
 * Providers may read the names of members; phone numbers and sign-ins are visible to the profile and the broker only.
 */
export function maySeeMembersInFull(subject: Subject): boolean {
  return subject.relation === 'direct' || subject.relation === 'broker';
}

/** Only broker managers may remove the last manager; the last manager of the broker cannot be removed. */
export function mayRemoveLastManager(subject: Subject, profile_id: ProfileId, broker_id: ProfileId): boolean {
  return isBrokerManager(subject) && profile_id !== broker_id;
}

/** Only the user and broker managers may remove the role of the user on the personal profile. */
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

/** Only the broker may read its notes about a profile: neither the profile nor its providers may. */
export function maySeeActivities(subject: Subject): boolean {
  return subject.relation === 'broker';
}

/** Providers may read neither invitations and requests nor their keys. */
export function maySeePendingRoles(subject: Subject): boolean {
  return subject.relation !== 'provider';
}

/** Managers may change the details of a profile; managers of its providers may not. */
export function mayEditDetails(subject: Subject): boolean {
  return subject.is_manager && subject.relation !== 'provider';
}

/** Returns the statuses of roles on a profile that a caller may list. */
export function listableRoleStatuses(subject: Subject): readonly RoleStatus[] {
  return maySeePendingRoles(subject) ? role_statuses : ['active'];
}
