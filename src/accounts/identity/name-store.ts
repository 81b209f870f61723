import { sql } from 'kysely';
import type { Reader, Tx } from '#platform/db/database';
import type { ProfileId, UserId } from '#platform/db/db-schema';

/** Days for which a released name stays reserved for its last owner. */
const reservation_days = 90;

/** Owner of a name: a user, a profile, or both for a user with a personal profile. */
export interface NameOwner {
  user_id?: UserId | null;
  profile_id?: ProfileId | null;
}

/**
 * Claims a name for a user, a profile or both; true if the owner has the name afterwards.
 *
 * Usernames and profile slugs share one namespace. A name is free if it has no row, if its reservation has ended, or
 * if its last owner claims it again. A profile can share a name only with its own user: pass both ids.
 */
export async function claimName(tx: Tx, name: string, owner: NameOwner, at: Date): Promise<boolean> {
  const { user_id = null, profile_id = null } = owner;
  // The primary key on the name serializes concurrent claims.
  const claimed = await sql<{ name: string }>`
    insert into names as present (name, user_id, profile_id, reserved_until)
    values (${name.toLowerCase()}, ${user_id}, ${profile_id}, null)
    on conflict (name) do update
      set user_id = coalesce(excluded.user_id, case when present.profile_id = excluded.profile_id then present.user_id end),
          profile_id = coalesce(excluded.profile_id, case when present.user_id = excluded.user_id then present.profile_id end),
          reserved_until = null
      where (present.reserved_until is not null and present.reserved_until <= ${at})
         or ((present.user_id is null or present.user_id = excluded.user_id)
             and (present.profile_id is null or excluded.profile_id is null or present.profile_id = excluded.profile_id)
             and (present.user_id is not null or present.profile_id = excluded.profile_id))
    returning name
  `.execute(tx);
  return claimed.rows.length > 0;
}

/** True if the name has no owner and no reservation at the instant. */
export async function isNameFree(reader: Reader, name: string, at: Date): Promise<boolean> {
  const row = await reader
    .selectFrom('names')
    .select('reserved_until')
    .where('name', '=', name.toLowerCase())
    .executeTakeFirst();
  return row === undefined || (row.reserved_until !== null && row.reserved_until <= at);
}

/** Releases a name: reserves it for its last owner for 90 days; then it is free. */
export async function releaseName(tx: Tx, name: string, at: Date): Promise<void> {
  const reserved_until = new Date(at.getTime() + reservation_days * 86_400_000);
  await tx.updateTable('names').set({ reserved_until }).where('name', '=', name.toLowerCase()).execute();
}

/** Removes a personal profile as owner of its name; the user stays owner and can share the name with a new profile. */
export async function releaseNameOfProfile(tx: Tx, profile_id: ProfileId): Promise<void> {
  await tx
    .updateTable('names')
    .set({ profile_id: null })
    .where('profile_id', '=', profile_id)
    .where('user_id', 'is not', null)
    .execute();
}
