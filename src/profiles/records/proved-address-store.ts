import { type RawBuilder, sql } from 'kysely';
import { selectUsers } from '#accounts';
import type { Reader } from '#platform/db/database';
import { activeRoleCondition } from './role-store.ts';
import { MANAGER } from './role-type.ts';

/**
 * Returns the condition that the address of a row of `profiles` is proved: the user of the personal profile, or a
 * manager who accepted that role, has verified the same address. Every look-up of a profile by e-mail address uses it.
 *
 * Why not a column of the profile: any manager can enter any address there, and the proof ends with the verification of
 * the user. Roles that were given without consent do not count.
 * Indexes: users_email and roles (profile_id, user_id).
 * @see docs/decisions/0020-addresses-match-when-proved.md
 */
export function provedAddressCondition(reader: Reader): RawBuilder<boolean> {
  return ownedBy(reader, sql<boolean>`lower(owner.email) = lower(profiles.email)`);
}

/** Returns the condition that the user or a manager of a row of `profiles` has verified an address of a domain. */
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
          and ${activeRoleCondition('held')} and held.accepted_at is not null
      ))
    )
  )`;
}
