import { sql } from 'kysely';
import { selectUsers } from '#accounts';
import { builtOnce, pointRead } from '#platform/db/built-once';
import type { ProfileId, RoleTypeId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { TERMS_OF_USE, validSignatureCondition } from '../agreements/index.ts';
import { activeRoleCondition } from '../records/index.ts';

/** Facts about a caller, as the guards read them. */
export interface CallerAccess {
  is_active: boolean;
  has_password: boolean;
  otp_enabled: boolean;
  /** Roles of the caller in effect; `role_type` is the slug of a global type, null for a local type. */
  held: { profile_id: ProfileId; role_type: string | null }[];
  /**
   * True if one of these roles requires a second factor. Invitations are ignored, so that an invitation to such a type
   * does not block the invited user.
   */
  requires_otp: boolean;
  /** True if the caller has signed the current terms of use, or the site has none. */
  is_terms_signed: boolean;
}

/** The facts, with what else they depend on. */
export interface CallerAccessRow extends CallerAccess {
  /** Profiles of all roles in effect, archived ones too. */
  profile_ids: ProfileId[];
  role_type_ids: RoleTypeId[];
}

const accessOf = builtOnce((reader, user_id: UserId) => {
  const caller = selectUsers(reader).where('users.id', '=', user_id);
  const query = sql<CallerAccessRow>`
    with agreed as materialized (
      select r.profile_id, r.role_type_id, t.otp_required, p.is_active,
        case when t.profile_id is null then t.slug end as role_type
      from roles r join role_types t on t.id = r.role_type_id join profiles p on p.id = r.profile_id
      where r.user_id = ${user_id} and ${activeRoleCondition('r')}
    )
    select
      coalesce((
        select json_agg(json_build_object('profile_id', profile_id, 'role_type', role_type)) from agreed where is_active
      ), '[]') as held,
      exists (select from agreed where is_active and otp_required) as requires_otp,
      not exists (
        select from agreements a where a.slug = ${TERMS_OF_USE} and not exists (
          select from signatures s where s.agreement_id = a.id and s.user_id = ${user_id} and ${validSignatureCondition('s', 'a')}
        )
      ) as is_terms_signed,
      array(select distinct profile_id from agreed) as profile_ids,
      array(select distinct role_type_id from agreed) as role_type_ids,
      caller.is_active, caller.has_password, caller.otp_enabled
    from (${caller}) as caller`;
  return { compile: () => query.compile(reader) };
});

/**
 * Finds all facts about a caller in one statement; undefined for a deleted user.
 *
 * Indexes: roles_user_id, agreements (slug) and signatures (agreement_id, user_id).
 */
export async function findCallerAccess(reader: Reader, user_id: UserId): Promise<CallerAccessRow | undefined> {
  const [row] = await accessOf(reader, user_id);
  return row;
}

const idBySlug = pointRead((reader, slug: string) =>
  reader.selectFrom('profiles').select('id').where('slug', '=', slug),
);

export async function findProfileId(reader: Reader, slug: string): Promise<ProfileId | undefined> {
  const [row] = await idBySlug(reader, slug);
  return row?.id;
}
