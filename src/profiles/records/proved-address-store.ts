import { type RawBuilder, sql } from 'kysely';
import { selectUsers } from '#accounts';
import type { Reader } from '#platform/db/database';
import { MANAGER } from './role-type.ts';

/**
 * The condition that the address of a row of `profiles` is proved: its own user has verified it, or a manager who agreed
 * to that role has. Every search of a profile by e-mail address uses it.
 *
 * Why not a mark on the profile: any manager may type any address there, and the fact ends with the user's own proof.
 * Roles given without consent and roles with an end date do not count.
 * Relies on the indexes users_email and roles (profile_id, user_id).
 * @see docs/decisions/0020-addresses-match-when-proved.md
 */
export function provedAddressCondition(reader: Reader): RawBuilder<boolean> {
  return ownedBy(reader, sql<boolean>`lower(owner.email) = lower(profiles.email)`);
}

/** The condition that the user of a row of `profiles`, or a manager of it, has verified an address of a domain. */
export function verifiedDomainCondition(reader: Reader, domain: string): RawBuilder<boolean> {
  return ownedBy(reader, sql<boolean>`right(lower(owner.email), ${domain.length + 1}) = ${`@${domain}`}`);
}

function ownedBy(reader: Reader, condition: RawBuilder<boolean>): RawBuilder<boolean> {
  const verified = selectUsers(reader)
    .where('users.is_active', '=', true)
    .where('users.email_verified_at', 'is not', null)
    .as('owner');
  return sql<boolean>`exists (
    select from ${verified} where ${condition} and (
      owner.id = profiles.personal_user_id
      or (profiles.personal_user_id is null and exists (
        select from roles held join role_types t on t.id = held.role_type_id
        where held.profile_id = profiles.id and held.user_id = owner.id
          and t.slug = ${MANAGER} and t.profile_id is null
          and held.grant_key is null and held.request_key is null
          and held.accepted_at is not null and held.ends_at is null
      ))
    )
  )`;
}
