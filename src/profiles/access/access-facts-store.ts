import { sql } from 'kysely';
import { selectUsers } from '#accounts';
import { builtOnce } from '#platform/db/built-once';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { TERMS_OF_USE, validSignatureCondition } from '../agreements/index.ts';
import { activeRoleCondition } from '../records/index.ts';

/** Facts about a caller and the profile of the path, as the guards read them. */
export interface AccessFacts {
  /** The user of the caller; null if it was deleted. */
  caller: { is_active: boolean; has_password: boolean; otp_enabled: boolean } | null;
  /** Roles of the caller in effect; `role_type` is the slug of a global type, null for a local type. */
  held: { profile_id: ProfileId; role_type: string | null }[];
  /**
   * True if one of these roles requires a second factor. Invitations are ignored, so that an invitation to such a type
   * does not block the invited user.
   */
  requires_otp: boolean;
  /** True if the caller has signed the current terms of use, or the site has none. */
  is_terms_signed: boolean;
  /** The profile of the slug; null if there is none or the path names none. */
  profile_id: ProfileId | null;
}

type FactsRow = Omit<AccessFacts, 'caller'> & {
  is_active: boolean | null;
  has_password: boolean | null;
  otp_enabled: boolean | null;
};

const factsOf = builtOnce((reader, user_id: UserId, profile_slug: string | null) => {
  const caller = selectUsers(reader).where('users.id', '=', user_id);
  const query = sql<FactsRow>`
    with held as (
      select r.profile_id, t.otp_required, case when t.profile_id is null then t.slug end as role_type
      from roles r join role_types t on t.id = r.role_type_id join profiles p on p.id = r.profile_id
      where r.user_id = ${user_id} and ${activeRoleCondition('r')} and p.is_active
    )
    select
      coalesce((select json_agg(json_build_object('profile_id', profile_id, 'role_type', role_type)) from held), '[]') as held,
      exists (select from held where otp_required) as requires_otp,
      not exists (
        select from agreements a where a.slug = ${TERMS_OF_USE} and not exists (
          select from signatures s where s.agreement_id = a.id and s.user_id = ${user_id} and ${validSignatureCondition('s', 'a')}
        )
      ) as is_terms_signed,
      (select id from profiles where slug = ${profile_slug}::text) as profile_id,
      caller.is_active, caller.has_password, caller.otp_enabled
    from (select) as one left join ${caller.as('caller')} on true`;
  return { compile: () => query.compile(reader) };
});

/**
 * Loads all facts in one statement, because it runs before each guarded request.
 *
 * Indexes: roles_user_id, profiles (slug), agreements (slug) and signatures (agreement_id, user_id).
 */
export async function loadAccessFacts(
  reader: Reader,
  question: { user_id: UserId; profile_slug: string | null },
): Promise<AccessFacts> {
  const [row] = await factsOf(reader, question.user_id, question.profile_slug);
  if (!row) throw new Error('the outer join returned no row');
  const { is_active, has_password, otp_enabled, ...facts } = row;
  const caller = is_active === null ? null : { is_active, has_password: !!has_password, otp_enabled: !!otp_enabled };
  return { ...facts, caller };
}
