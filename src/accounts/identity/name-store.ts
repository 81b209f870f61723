import { sql } from 'kysely';
import type { Reader, Tx } from '#platform/db/database';
import type { ProfileId, UserId } from '#platform/db/db-schema';

/** How long a name that was given up stays closed to everybody else. */
const reservation_days = 90;

/** Whose a name is: a user's, a profile's, or both when a user has a personal profile. */
export interface NameOwner {
  user_id?: UserId | null;
  profile_id?: ProfileId | null;
}

/**
 * Claims a name for a user, a profile or both; says whether it is theirs now.
 *
 * Usernames and profile slugs are one namespace. A name is free when nobody holds it, when it was given up long
 * enough ago, or when whoever gave it up takes it back. A profile shares a name with its user only: claim with both ids.
 */
export async function claimName(tx: Tx, name: string, owner: NameOwner, at: Date): Promise<boolean> {
  const { user_id = null, profile_id = null } = owner;
  // The primary key on the name arbitrates between two who claim at once.
  const claimed = await sql<{ name: string }>`
    insert into names as held (name, user_id, profile_id, reserved_until)
    values (${name.toLowerCase()}, ${user_id}, ${profile_id}, null)
    on conflict (name) do update
      set user_id = coalesce(excluded.user_id, case when held.profile_id = excluded.profile_id then held.user_id end),
          profile_id = coalesce(excluded.profile_id, case when held.user_id = excluded.user_id then held.profile_id end),
          reserved_until = null
      where (held.reserved_until is not null and held.reserved_until <= ${at})
         or ((held.user_id is null or held.user_id = excluded.user_id)
             and (held.profile_id is null or excluded.profile_id is null or held.profile_id = excluded.profile_id)
             and (held.user_id is not null or held.profile_id = excluded.profile_id))
    returning name
  `.execute(tx);
  return claimed.rows.length > 0;
}

/** Says whether anybody may claim a name. */
export async function isNameFree(reader: Reader, name: string, at: Date): Promise<boolean> {
  const held = await reader
    .selectFrom('names')
    .select('reserved_until')
    .where('name', '=', name.toLowerCase())
    .executeTakeFirst();
  return held === undefined || (held.reserved_until !== null && held.reserved_until <= at);
}

/** Gives a name up: it stays reserved for its last owner for a while, then it is anybody's. */
export async function releaseName(tx: Tx, name: string, at: Date): Promise<void> {
  const reserved_until = new Date(at.getTime() + reservation_days * 86_400_000);
  await tx.updateTable('names').set({ reserved_until }).where('name', '=', name.toLowerCase()).execute();
}

/** Leaves the name of a personal profile to its user alone, so that another profile can be made under it. */
export async function releaseNameOfProfile(tx: Tx, profile_id: ProfileId): Promise<void> {
  await tx
    .updateTable('names')
    .set({ profile_id: null })
    .where('profile_id', '=', profile_id)
    .where('user_id', 'is not', null)
    .execute();
}
