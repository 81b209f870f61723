import { selectUsers, type User } from '#accounts';
import { builtOnce } from '#platform/db/built-once';
import type { ProfileId, RoleTypeId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { sql } from 'kysely';
import { activeRoleCondition } from './role-store.ts';
import { MANAGER } from './role-type.ts';

/** Finds the users who manage a profile, in the order of their roles. Invited managers are excluded. */
export async function findManagerIds(reader: Reader, profile_id: ProfileId): Promise<UserId[]> {
  const rows = await reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .select('roles.user_id')
    .where('roles.profile_id', '=', profile_id)
    .where('role_types.slug', '=', MANAGER)
    .where('role_types.profile_id', 'is', null)
    .where(activeRoleCondition())
    .orderBy('roles.id')
    .execute();
  return rows.map((row) => row.user_id);
}

/** Counts the people in roles of a profile. Invited people count once they accept. Index: roles_profile_id. */
export async function countPeople(reader: Reader, profile_id: ProfileId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.count<number>('roles.user_id').distinct().as('count'))
    .where('roles.profile_id', '=', profile_id)
    .where(activeRoleCondition())
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Finds those of the profiles that a user manages. */
export async function findManagedAmong(
  reader: Reader,
  user_id: UserId,
  profile_ids: readonly ProfileId[],
): Promise<Set<ProfileId>> {
  if (profile_ids.length === 0) return new Set();
  const rows = await reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .select('roles.profile_id')
    .where('roles.user_id', '=', user_id)
    .where('roles.profile_id', 'in', [...new Set(profile_ids)])
    .where('role_types.slug', '=', MANAGER)
    .where('role_types.profile_id', 'is', null)
    .where(activeRoleCondition())
    .execute();
  return new Set(rows.map(({ profile_id }) => profile_id));
}

/** A user with the roles as manager by which messages are addressed. */
export interface Person extends User {
  /** Those of the given profiles that the user manages; `role_id` orders the managers of a profile. */
  managed: { role_id: number; profile_id: ProfileId }[];
  /** The user manages the broker or a provider. */
  is_seller: boolean;
}

const peopleOf = builtOnce(
  (reader, user_ids: readonly UserId[], profile_ids: readonly ProfileId[], broker_id: ProfileId) => {
    const managers = reader
      .selectFrom('roles')
      .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
      .where('role_types.slug', '=', MANAGER)
      .where('role_types.profile_id', 'is', null)
      .where(activeRoleCondition());
    const ofProfiles = managers.where('roles.profile_id', '=', sql<ProfileId>`any(${profile_ids})`);
    const managed = ofProfiles
      .where('roles.user_id', '=', sql.ref<UserId>('person.id'))
      .select(
        sql<Person['managed']>`jsonb_agg(jsonb_build_object('role_id', roles.id, 'profile_id', roles.profile_id))`.as(
          'managed',
        ),
      );
    // No `exists`: its search may be planned as a hash of the roles of all users.
    const seller = managers
      .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
      .where('roles.user_id', '=', sql.ref<UserId>('person.id'))
      .where('profiles.is_active', '=', true)
      .where((eb) => eb.or([eb('profiles.id', '=', broker_id), eb('profiles.is_provider', '=', true)]))
      .select(sql<true>`true`.as('is_seller'))
      .limit(1);
    const ids = sql<UserId>`any(${user_ids}::bigint[] || array(${ofProfiles.select('roles.user_id')}))`;
    return reader
      .selectFrom(selectUsers(reader).as('person'))
      .selectAll('person')
      .select([managed.as('managed'), seller.as('is_seller')])
      .where('person.id', '=', ids);
  },
);

/**
 * Finds these users and the managers of these profiles, in one query. Indexes: users_pkey, roles_profile_created_at,
 * roles_user_id.
 */
export async function findPeople(
  reader: Reader,
  {
    user_ids,
    profile_ids,
    broker_id,
  }: { user_ids: readonly UserId[]; profile_ids: readonly ProfileId[]; broker_id: ProfileId },
): Promise<Map<UserId, Person>> {
  const rows = await peopleOf(reader, [...new Set(user_ids)], [...new Set(profile_ids)], broker_id);
  return new Map(
    rows.map(({ managed, is_seller, ...user }) => [
      user.id,
      { ...user, managed: managed ?? [], is_seller: is_seller === true },
    ]),
  );
}

/** True if a user manages the broker or a provider. */
export async function isSeller(reader: Reader, user_id: UserId, broker_id: ProfileId): Promise<boolean> {
  const row = await reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .select('roles.id')
    .where('roles.user_id', '=', user_id)
    .where('role_types.slug', '=', MANAGER)
    .where('profiles.is_active', '=', true)
    .where((eb) => eb.or([eb('profiles.id', '=', broker_id), eb('profiles.is_provider', '=', true)]))
    .where(activeRoleCondition())
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A role in effect on an active profile. */
export interface HeldRole {
  profile_id: ProfileId;
  role_type_id: RoleTypeId;
  /** Slug of the type. */
  role_type: string;
  otp_required: boolean;
  created_at: Date;
  /** Null for a role that was given without consent. */
  accepted_at: Date | null;
}

/** Finds the roles of a user that are in effect, oldest first. Index: roles_user_id. */
export async function findHeldRoles(reader: Reader, user_id: UserId): Promise<HeldRole[]> {
  return selectHeldRoles(reader).where('roles.user_id', '=', user_id).execute();
}

/** The roles of a user that are in effect, and the profiles of all roles, archived ones included. */
export interface RoleHistory {
  held: HeldRole[];
  profile_ids: ProfileId[];
}

export async function findRoleHistory(reader: Reader, user_id: UserId): Promise<RoleHistory> {
  return (await findRoleHistories(reader, [user_id])).get(user_id) ?? { held: [], profile_ids: [] };
}

/** Finds the roles of several users in one query. Users without a role are absent from the map. */
export async function findRoleHistories(
  reader: Reader,
  user_ids: readonly UserId[],
): Promise<Map<UserId, RoleHistory>> {
  if (user_ids.length === 0) return new Map();
  const rows = await selectAgreedRoles(reader)
    .select(['roles.user_id', 'profiles.is_active'])
    .where('roles.user_id', 'in', [...new Set(user_ids)])
    .execute();
  const histories = new Map<UserId, RoleHistory>();
  for (const { user_id, is_active, ...role } of rows) {
    const history = histories.get(user_id) ?? { held: [], profile_ids: [] };
    if (is_active) history.held.push(role);
    if (!history.profile_ids.includes(role.profile_id)) history.profile_ids.push(role.profile_id);
    histories.set(user_id, history);
  }
  return histories;
}

/** Selects roles in effect on active profiles, oldest first. */
export function selectHeldRoles(reader: Reader) {
  return selectAgreedRoles(reader).where('profiles.is_active', '=', true);
}

/** Roles in effect, on archived profiles too. */
function selectAgreedRoles(reader: Reader) {
  return reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .select(['roles.profile_id', 'role_types.id as role_type_id', 'role_types.slug as role_type'])
    .select('role_types.otp_required')
    .select(['roles.created_at', 'roles.accepted_at'])
    .where(activeRoleCondition())
    .orderBy('roles.created_at')
    .orderBy('roles.id');
}
