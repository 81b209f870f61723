import { sql } from 'kysely';
import type { ProfileId, UserId } from '#platform/db-schema';
import type { Reader } from '#platform/db';
import { TERMS_OF_USE } from '../agreements/agreement.ts';

/** What the guards need to know about a caller and the profile of the path. */
export interface AccessFacts {
  /** Roles of the caller that are in effect; `role_type` is a global type's slug, or null for a local one. */
  held: { profile_id: ProfileId; role_type: string | null }[];
  /** One of these roles demands a second factor. Pending ones never do: anybody could lock anybody out with them. */
  requires_otp: boolean;
  /** The terms of use are signed as they stand now, or the site has none. */
  is_terms_signed: boolean;
  /** The profile under that slug, null when there is none or no slug was asked for. */
  profile_id: ProfileId | null;
}

/**
 * Reads everything in one statement: it runs before each guarded request.
 *
 * Relies on the indexes roles_user_id, profiles (slug), agreements (slug) and signatures (agreement_id, user_id).
 */
export async function readAccessFacts(
  reader: Reader,
  question: { user_id: UserId; profile_slug: string | null; at: Date },
): Promise<AccessFacts> {
  const { user_id, profile_slug, at } = question;
  const { rows } = await sql<AccessFacts>`
    with held as (
      select r.profile_id, t.otp_required, case when t.profile_id is null then t.slug end as role_type
      from roles r join role_types t on t.id = r.role_type_id join profiles p on p.id = r.profile_id
      where r.user_id = ${user_id} and r.grant_key is null and r.request_key is null and p.is_active
        and (r.ends_at is null or r.ends_at > ${at})
    )
    select
      coalesce((select json_agg(json_build_object('profile_id', profile_id, 'role_type', role_type)) from held), '[]') as held,
      exists (select from held where otp_required) as requires_otp,
      not exists (
        select from agreements a where a.slug = ${TERMS_OF_USE} and not exists (
          select from signatures s where s.agreement_id = a.id and s.user_id = ${user_id} and s.last_signed >= a.updated_at
        )
      ) as is_terms_signed,
      (select id from profiles where slug = ${profile_slug}::text) as profile_id`.execute(reader);
  const [facts] = rows;
  if (!facts) throw new Error('a select without from answers one row');
  return facts;
}
