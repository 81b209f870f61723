import { sql } from 'kysely';
import { selectUsers } from '#accounts';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { activeRoleCondition } from './role-store.ts';
import { MANAGER } from './role-type.ts';

/**
 * Selects FOR NO KEY UPDATE the organizations that a user created and still manages, in the order of ids: the role of
 * the user is the first role of the profile and has the same `created_at` as the profile.
 * Providers are excluded, because the broker admitted them with their members. Index: roles_user_id.
 */
export async function lockProfilesMadeBy(tx: Tx, user_id: UserId): Promise<ProfileId[]> {
  const rows = await tx
    .selectFrom('profiles')
    .select('profiles.id')
    .where('profiles.personal_user_id', 'is', null)
    .where('profiles.is_provider', '=', false)
    .where('profiles.is_active', '=', true)
    .where(
      sql<boolean>`exists (
        select from roles own join role_types t on t.id = own.role_type_id
        where own.profile_id = profiles.id and own.user_id = ${user_id} and own.created_at = profiles.created_at
          and t.slug = ${MANAGER} and t.profile_id is null and ${activeRoleCondition('own')}
          and not exists (select from roles older where older.profile_id = profiles.id and older.id < own.id)
      )`,
    )
    .orderBy('profiles.id')
    .forNoKeyUpdate()
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Clears `accepted_at` of the roles of a user: they stay in effect, but count as given without consent.
 *
 * Excludes roles with the same `created_at` as the user or the profile: Tollgate gave them when it created either.
 */
export async function withdrawConsents(tx: Tx, user_id: UserId): Promise<void> {
  await tx
    .updateTable('roles')
    .set({ accepted_at: null })
    .where('user_id', '=', user_id)
    .where('accepted_at', 'is not', null)
    .where(
      'created_at',
      'not in',
      selectUsers(tx).clearSelect().select('users.created_at').where('users.id', '=', user_id),
    )
    .where(
      sql<boolean>`not exists (
        select from profiles p where p.id = roles.profile_id and p.created_at = roles.created_at
      )`,
    )
    .execute();
}
