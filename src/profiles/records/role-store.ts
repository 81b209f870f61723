import type { Selectable } from 'kysely';
import type { ProfileId, RoleId, RolesTable, RoleTypeId, UserId } from '#platform/db/db-schema';
import { linkKeyHash, openKeysOf, sealKeysOf, UNREADABLE_KEY } from '#platform/security/link-keys';
import type { Reader, Tx } from '#platform/db/database';
import { MANAGER } from './role-type.ts';
import type { Role } from './role.ts';

export async function findRole(reader: Reader, profile_id: ProfileId, user_id: UserId): Promise<Role | undefined> {
  return toRole(
    await reader
      .selectFrom('roles')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('user_id', '=', user_id)
      .executeTakeFirst(),
  );
}

function toRole(row: Selectable<RolesTable> | undefined): Role | undefined {
  return row && openRole(row);
}

/**
 * Opens the keys of a row. One that another master key sealed cannot be used any more: the invitation counts as lapsed,
 * so that inviting again draws a new key.
 */
export function openRole(row: Role): Role {
  const role = openKeysOf(row);
  return role.grant_key === UNREADABLE_KEY ? { ...role, key_expires_at: new Date(0) } : role;
}

/** Selects the row of one user on one profile FOR UPDATE, when there is one. */
export async function lockRole(tx: Tx, profile_id: ProfileId, user_id: UserId): Promise<Role | undefined> {
  return toRole(
    await tx
      .selectFrom('roles')
      .selectAll()
      .where('profile_id', '=', profile_id)
      .where('user_id', '=', user_id)
      .forUpdate()
      .executeTakeFirst(),
  );
}

/** Lists every row of a user, in any state. */
export async function findRolesOfUser(reader: Reader, user_id: UserId): Promise<Role[]> {
  const rows = await reader.selectFrom('roles').selectAll().where('user_id', '=', user_id).orderBy('id').execute();
  return rows.map(openRole);
}

export async function findRoleByGrantKey(reader: Reader, grant_key: string): Promise<Role | undefined> {
  // Index: roles_grant_key_hash_key.
  const hash = linkKeyHash(grant_key);
  return toRole(await reader.selectFrom('roles').selectAll().where('grant_key_hash', '=', hash).executeTakeFirst());
}

export type NewRole = Pick<Role, 'user_id' | 'profile_id' | 'role_type_id'> & Partial<Omit<Role, 'id' | 'created_at'>>;

export async function insertRole(tx: Tx, role: NewRole, at: Date): Promise<Role> {
  const row = await tx
    .insertInto('roles')
    .values({ ...sealKeysOf(role), created_at: at })
    .returningAll()
    .executeTakeFirstOrThrow();
  return openRole(row);
}

export async function updateRole(
  tx: Tx,
  id: RoleId,
  change: Partial<Omit<Role, 'id' | 'user_id' | 'profile_id'>>,
): Promise<Role> {
  const row = await tx
    .updateTable('roles')
    .set(sealKeysOf(change))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return openRole(row);
}

export async function deleteRole(tx: Tx, id: RoleId): Promise<void> {
  await tx.deleteFrom('roles').where('id', '=', id).execute();
}

export async function deleteRolesOnProfile(tx: Tx, profile_id: ProfileId): Promise<void> {
  await tx.deleteFrom('roles').where('profile_id', '=', profile_id).execute();
}

/** Deletes the roles on a profile, in any state, of every user but one. */
export async function deleteRolesOfOthers(tx: Tx, profile_id: ProfileId, user_id: UserId): Promise<void> {
  await tx.deleteFrom('roles').where('profile_id', '=', profile_id).where('user_id', '<>', user_id).execute();
}

/** Deletes invitations whose key expired before an instant. Index: roles_lapsed. */
export async function deleteLapsedInvitations(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('roles')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('roles')
        .select('id')
        .where('grant_key', 'is not', null)
        .where('key_expires_at', '<', before)
        .orderBy('key_expires_at')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Counts roles on a profile in any state; by index roles_profile_created_at. */
export async function countRolesOnProfile(reader: Reader, profile_id: ProfileId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('profile_id', '=', profile_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Counts roles of a user in any state; by index roles_user_id. */
export async function countRolesOfUser(reader: Reader, user_id: UserId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', user_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Counts roles of a type in any state. */
export async function countRolesOfType(reader: Reader, role_type_id: RoleTypeId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('role_type_id', '=', role_type_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Lists the users who manage a profile at an instant: roles in effect only, never pending ones. */
export async function findManagerIds(reader: Reader, profile_id: ProfileId, at: Date): Promise<UserId[]> {
  const rows = await reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .select('roles.user_id')
    .where('roles.profile_id', '=', profile_id)
    .where('role_types.slug', '=', MANAGER)
    .where('role_types.profile_id', 'is', null)
    .where('roles.grant_key', 'is', null)
    .where('roles.request_key', 'is', null)
    .where((eb) => eb.or([eb('roles.ends_at', 'is', null), eb('roles.ends_at', '>', at)]))
    .orderBy('roles.id')
    .execute();
  return rows.map((row) => row.user_id);
}

/** Says whether a user manages the broker or any provider: whoever does sells on this site. */
export async function isSeller(reader: Reader, user_id: UserId, broker_id: ProfileId, at: Date): Promise<boolean> {
  const row = await reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .select('roles.id')
    .where('roles.user_id', '=', user_id)
    .where('role_types.slug', '=', MANAGER)
    .where('profiles.is_active', '=', true)
    .where((eb) => eb.or([eb('profiles.id', '=', broker_id), eb('profiles.is_provider', '=', true)]))
    .where('roles.grant_key', 'is', null)
    .where('roles.request_key', 'is', null)
    .where((eb) => eb.or([eb('roles.ends_at', 'is', null), eb('roles.ends_at', '>', at)]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A role in effect, as seen from its user: what the session and the guards ask for. */
export interface HeldRole {
  profile_id: ProfileId;
  role_type: string;
  otp_required: boolean;
  created_at: Date;
  /** Null for a role given without asking: it binds its holder to nobody. */
  accepted_at: Date | null;
}

/** Lists the roles of a user that are in effect at an instant, oldest first. Relies on index roles_user_id. */
export async function findHeldRoles(reader: Reader, user_id: UserId, at: Date): Promise<HeldRole[]> {
  return selectHeldRoles(reader, at).where('roles.user_id', '=', user_id).execute();
}

/** The same for several users, in one query. Users without a role are absent. */
export async function findHeldRolesOfUsers(
  reader: Reader,
  user_ids: readonly UserId[],
  at: Date,
): Promise<Map<UserId, HeldRole[]>> {
  if (user_ids.length === 0) return new Map();
  const rows = await selectHeldRoles(reader, at)
    .select('roles.user_id')
    .where('roles.user_id', 'in', [...new Set(user_ids)])
    .execute();
  return Map.groupBy(rows, ({ user_id }) => user_id);
}

function selectHeldRoles(reader: Reader, at: Date) {
  return reader
    .selectFrom('roles')
    .innerJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .select(['roles.profile_id', 'role_types.slug as role_type', 'role_types.otp_required'])
    .select(['roles.created_at', 'roles.accepted_at'])
    .where('profiles.is_active', '=', true)
    .where('roles.grant_key', 'is', null)
    .where('roles.request_key', 'is', null)
    .where((eb) => eb.or([eb('roles.ends_at', 'is', null), eb('roles.ends_at', '>', at)]))
    .orderBy('roles.created_at')
    .orderBy('roles.id');
}
