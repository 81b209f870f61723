import type { ReminderSpan } from '#kernel/reminder';
import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { ProfileId, RoleId, RolesTable, RoleTypeId, UserId } from '#platform/db/db-schema';
import { linkKeyHash, openKeysOf, sealKeysOf, UNREADABLE_KEY } from '#platform/security/link-keys';
import type { Reader, Tx } from '#platform/db/database';
import type { Role } from './role.ts';

/**
 * Returns the condition that a row of `roles` is in effect: neither an invitation nor a request.
 *
 * `table` is the name or the alias of the table in the query.
 */
export function activeRoleCondition(table = 'roles'): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(`${table}.grant_key`)} is null and ${sql.ref(`${table}.request_key`)} is null)`;
}

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
 * Decrypts the keys of a row. A key that was encrypted with another master key cannot be decrypted: its invitation
 * counts as lapsed, so that a repeated invitation generates a new key.
 */
export function openRole(row: Role): Role {
  const role = openKeysOf(row);
  return role.grant_key === UNREADABLE_KEY ? { ...role, key_expires_at: new Date(0) } : role;
}

/** Selects the role of one user on one profile FOR UPDATE. */
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

/** Finds every role of a user, in any state, in the order of ids. */
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

/** Deletes up to `rows_max` invitations whose key expired before an instant. Index: roles_lapsed. */
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

/** Counts the roles on a profile, in any state. Index: roles_profile_created_at. */
export async function countRolesOnProfile(reader: Reader, profile_id: ProfileId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('profile_id', '=', profile_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Counts the roles of a user, in any state. Index: roles_user_id. */
export async function countRolesOfUser(reader: Reader, user_id: UserId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', user_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Counts the roles of a type, in any state. */
export async function countRolesOfType(reader: Reader, role_type_id: RoleTypeId): Promise<number> {
  const row = await reader
    .selectFrom('roles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('role_type_id', '=', role_type_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Finds invitations that have not lapsed, and requests, with less than `count` reminders. Index: roles_waiting. */
export async function findWaitingRoles(
  reader: Reader,
  { since, until }: ReminderSpan,
  { count, at, after, limit }: { count: number; at: Date; after: RoleId | null; limit: number },
): Promise<Pick<Role, 'id' | 'profile_id' | 'user_id'>[]> {
  return reader
    .selectFrom('roles')
    .select(['id', 'profile_id', 'user_id'])
    .where((eb) =>
      eb.or([
        eb('request_key', 'is not', null),
        eb.and([
          eb('grant_key', 'is not', null),
          eb.or([eb('key_expires_at', 'is', null), eb('key_expires_at', '>', at)]),
        ]),
      ]),
    )
    .where('created_at', '>', since)
    .where('created_at', '<=', until)
    .where('reminders_count', '<', count)
    .where('id', '>', after ?? (0 as RoleId)) // ids start at 1
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Records that a role has had `count` reminders in all; false if it had as many before. */
export async function recordRoleReminders(tx: Tx, id: RoleId, count: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('roles')
    .set({ reminders_count: count })
    .where('id', '=', id)
    .where('reminders_count', '<', count)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
