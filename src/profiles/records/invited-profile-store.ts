import { sql } from 'kysely';
import { emailSpellings } from '#kernel/email';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Profile } from './profile.ts';

/** Finds the profile of one kind that a provider created for an address and that its owner has not claimed yet. */
export async function findInvitedProfile(
  reader: Reader,
  by: { provider_id: ProfileId; email: string; as: 'personal' | 'organization' },
): Promise<Profile | undefined> {
  return reader
    .selectFrom('profiles')
    .selectAll()
    .where(sql`lower(invited_email)`, 'in', emailSpellings(by.email))
    .where('invited_by_profile_id', '=', by.provider_id)
    .where('invited_as', '=', by.as)
    .where('is_active', '=', true)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** Selects FOR NO KEY UPDATE every profile that the owner of an address has not claimed yet, in the order of ids. */
export async function lockInvitedProfiles(tx: Tx, email: string): Promise<Profile[]> {
  // Index: profiles_invited_email.
  return tx
    .selectFrom('profiles')
    .selectAll()
    .where(sql`lower(invited_email)`, 'in', emailSpellings(email))
    .where('is_active', '=', true)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
}

/**
 * Assigns to a user the invitations to an address that belong to other users, who entered the address without verifying
 * it. If the user already has a role or an invitation on the profile, that row stays and the other is deleted.
 */
export async function moveInvitations(tx: Tx, user_id: UserId, email: string): Promise<void> {
  // Index: roles_invited_email.
  const sent = tx
    .selectFrom('roles')
    .select(['id', 'profile_id'])
    .where(sql`lower(invited_email)`, 'in', emailSpellings(email))
    .where('grant_key', 'is not', null)
    .where('user_id', '<>', user_id);
  for (const { id, profile_id } of await sent.orderBy('id').forUpdate().execute()) {
    const own = await tx
      .selectFrom('roles')
      .select('id')
      .where('profile_id', '=', profile_id)
      .where('user_id', '=', user_id)
      .executeTakeFirst();
    if (own) await tx.deleteFrom('roles').where('id', '=', id).execute();
    else await tx.updateTable('roles').set({ user_id }).where('id', '=', id).execute();
  }
}
