import { type Expression, sql } from 'kysely';
import { canonicalName } from '#kernel/slug';
import { builtOnce, oneOf, pointRead } from '#platform/db/built-once';
import type { ProfileId, RoleTypeId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { MANAGER, parseRoleSlugs, type RoleType } from './role-type.ts';
import type { Role } from './role.ts';

/** Finds a type that a profile can use, a global type or its own, by its exact slug. */
export async function findRoleType(reader: Reader, profile_id: ProfileId, slug: string): Promise<RoleType | undefined> {
  const [type] = await usableType(reader, profile_id, [canonicalName(slug)]);
  return type;
}

/** Selects the types of some slugs that a profile can use: global types and its own. */
export function selectUsableTypes(reader: Reader, profile_id: ProfileId, slugs: readonly string[]) {
  return reader
    .selectFrom('role_types')
    .selectAll('role_types')
    .where(sql<boolean>`role_types.slug = any(${slugs}::text[])`)
    .where((eb) => eb.or([eb('role_types.profile_id', 'is', null), eb('role_types.profile_id', '=', profile_id)]));
}

const usableType = pointRead(selectUsableTypes);

/** Returns the type that the role in a URL names, of the usable types of its candidates. */
export function pickTypeInUrl(types: readonly RoleType[], text: string): RoleType | undefined {
  return parseRoleSlugs(text)
    .map((slug) => types.find((type) => type.slug === slug))
    .find((type) => type !== undefined);
}

const roleTypesBySlugs = builtOnce((reader, slugs: readonly string[]) =>
  reader.selectFrom('role_types').selectAll().where('slug', '=', oneOf(slugs, 'text')),
);

/** Finds types by their exact slugs, in one query; a slug is unique in the site. */
export async function findRoleTypesBySlugs(reader: Reader, slugs: readonly string[]): Promise<Map<string, RoleType>> {
  if (slugs.length === 0) return new Map();
  const types = await roleTypesBySlugs(reader, [...new Set(slugs.map(canonicalName))]);
  return new Map(types.map((type) => [type.slug, type]));
}

/** Finds the type that the role in a URL names on a profile: as written, else without its final `s`. */
export async function findRoleTypeInUrl(
  reader: Reader,
  profile_id: ProfileId,
  text: string,
): Promise<RoleType | undefined> {
  return pickTypeInUrl(await usableType(reader, profile_id, parseRoleSlugs(text)), text);
}

/** Selects the id that `findRoleTypeInUrl` finds, as a query of one value. */
export function selectRoleTypeInUrl(reader: Reader, profile_id: ProfileId, text: string): Expression<RoleTypeId> {
  const candidates = parseRoleSlugs(text);
  return sql<RoleTypeId>`(${reader
    .selectFrom('role_types')
    .select('id')
    .where('slug', 'in', candidates)
    .where((eb) => eb.or([eb('profile_id', 'is', null), eb('profile_id', '=', profile_id)]))
    .orderBy(sql`array_position(${candidates}::text[], slug)`)
    .limit(1)})`;
}

export async function findRoleTypesByIds(
  reader: Reader,
  ids: readonly RoleTypeId[],
): Promise<Map<RoleTypeId, RoleType>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('role_types')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Finds the types of some roles in one query. */
export async function findRoleTypesOf(
  reader: Reader,
  roles: readonly Pick<Role, 'role_type_id'>[],
): Promise<Map<RoleTypeId, RoleType>> {
  return findRoleTypesByIds(
    reader,
    roles.map((role) => role.role_type_id).filter((id) => id !== null),
  );
}

/** Returns the global manager type, which every site has. */
export async function getManagerType(reader: Reader): Promise<RoleType> {
  return reader
    .selectFrom('role_types')
    .selectAll()
    .where('slug', '=', MANAGER)
    .where('profile_id', 'is', null)
    .executeTakeFirstOrThrow();
}

/** Counts the types of a profile, without global types. */
export async function countRoleTypes(reader: Reader, profile_id: ProfileId): Promise<number> {
  const row = await reader
    .selectFrom('role_types')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('profile_id', '=', profile_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

export type NewRoleType = Pick<RoleType, 'slug' | 'profile_id' | 'title'> &
  Partial<Omit<RoleType, 'id' | 'created_at'>>;

/** Inserts a type. Returns undefined if the slug is taken in the site. */
export async function insertRoleType(tx: Tx, type: NewRoleType, at: Date): Promise<RoleType | undefined> {
  return tx
    .insertInto('role_types')
    .values({ ...type, created_at: at })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returningAll()
    .executeTakeFirst();
}

export async function updateRoleType(
  tx: Tx,
  id: RoleTypeId,
  change: Partial<Omit<RoleType, 'id' | 'slug' | 'profile_id' | 'created_at'>>,
): Promise<RoleType> {
  return tx.updateTable('role_types').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

/** Deletes a type and, by the foreign key, its roles. */
export async function deleteRoleType(tx: Tx, id: RoleTypeId): Promise<void> {
  await tx.deleteFrom('role_types').where('id', '=', id).execute();
}
