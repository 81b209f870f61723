import { releaseName, type User } from '#accounts';
import { isSlug } from '#kernel/slug';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import {
  formatArchiveSlug,
  findPersonalProfile,
  findRole,
  getManagerType,
  insertRole,
  INVITATION_DAYS,
  lockInvitedProfiles,
  moveInvitations,
  type Profile,
  updateProfileRow,
} from '../records/index.ts';
import { createPersonalProfile } from './create-profile.ts';

/** A profile that was archived in favour of another one: the caller moves its subscriptions from `from` to `to`. */
export interface ReplacedProfile {
  from: ProfileId;
  to: ProfileId;
}

/**
 * Assigns to a user who has just verified an address the invitations to that address and the profiles that providers
 * created for it.
 *
 * Accepts nothing on behalf of the user. To an organization the user is invited as manager. A personal profile is
 * archived and replaced by the profile of the user, on which its pending subscriptions still wait for acceptance.
 * Returns the replaced profiles; the caller moves the rows of other rooms.
 * Locks: the waiting profiles, in the order of ids.
 */
export async function claimInvitations(tx: Tx, user: User, at: Date): Promise<ReplacedProfile[]> {
  if (user.email === null || user.email_verified_at === null) return [];
  await moveInvitations(tx, user.id, user.email);
  const replaced: ReplacedProfile[] = [];
  for (const waiting of await lockInvitedProfiles(tx, user.email)) {
    const own = waiting.invited_as === 'personal' ? await findOrCreatePersonalProfile(tx, user, at) : null;
    if (own === null) {
      await inviteOwner(tx, waiting, user, at);
      continue;
    }
    replaced.push({ from: waiting.id, to: own.id });
    await releaseName(tx, waiting.slug, at);
    await updateProfileRow(tx, waiting.id, {
      ...without_invitation,
      slug: formatArchiveSlug(waiting.id),
      full_name: '',
      email: '',
      phone: '',
      street_address: '',
      picture: null,
      extra: null,
      is_active: false,
    });
  }
  return replaced;
}

const without_invitation = { invited_email: null, invited_as: null, invited_by_profile_id: null } as const;

/** Finds or creates the personal profile of a user; null if the username is not a valid slug. */
async function findOrCreatePersonalProfile(tx: Tx, user: User, at: Date): Promise<Profile | null> {
  const own = await findPersonalProfile(tx, user.id);
  if (own) return own;
  return isSlug(user.username) ? createPersonalProfile(tx, user, at) : null;
}

async function inviteOwner(tx: Tx, waiting: Profile, user: User, at: Date): Promise<void> {
  await updateProfileRow(tx, waiting.id, without_invitation);
  if (await findRole(tx, waiting.id, user.id)) return;
  await inviteManager(tx, waiting, user, at);
}

/** Invites a user to manage a profile that was created for the address of the user. */
export async function inviteManager(
  tx: Tx,
  profile: Pick<Profile, 'id'>,
  user: Pick<User, 'id' | 'email'>,
  at: Date,
): Promise<void> {
  const type = await getManagerType(tx);
  const key_expires_at = new Date(at.getTime() + INVITATION_DAYS * 86_400_000);
  const invitation = { grant_key: randomKey40(), key_expires_at, invited_email: user.email };
  await insertRole(tx, { user_id: user.id, profile_id: profile.id, role_type_id: type.id, ...invitation }, at);
}
