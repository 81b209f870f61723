import { releaseName, type User } from '#accounts';
import { isSlug } from '#kernel/slug';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import {
  archiveSlug,
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

/** A profile that ends because another one takes its place: what it holds moves from one to the other. */
export interface ReplacedProfile {
  from: ProfileId;
  to: ProfileId;
}

/**
 * Attaches what waits for the owner of an address to the user who has just verified it: invitations to roles, and
 * profiles that providers made for the address. Nothing is accepted by it: an organization becomes an invitation to
 * manage it, and a personal one gives way to the user's own profile, on which its subscriptions go on waiting.
 *
 * Returns the profiles that were replaced; the caller moves what other rooms keep on them.
 * Locks: the waiting profiles.
 */
export async function claimInvitations(tx: Tx, user: User, at: Date): Promise<ReplacedProfile[]> {
  if (user.email === null || user.email_verified_at === null) return [];
  await moveInvitations(tx, user.id, user.email);
  const replaced: ReplacedProfile[] = [];
  for (const waiting of await lockInvitedProfiles(tx, user.email)) {
    const own = waiting.invited_as === 'personal' ? await ownProfile(tx, user, at) : null;
    if (own === null) {
      await inviteOwner(tx, waiting, user, at);
      continue;
    }
    replaced.push({ from: waiting.id, to: own.id });
    await releaseName(tx, waiting.slug, at);
    await updateProfileRow(tx, waiting.id, {
      ...claimed,
      slug: archiveSlug(waiting.id),
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

const claimed = { invited_email: null, invited_as: null, invited_by_profile_id: null } as const;

/** The user's own profile, made when there is none; null for a name that no profile can have. */
async function ownProfile(tx: Tx, user: User, at: Date): Promise<Profile | null> {
  const own = await findPersonalProfile(tx, user.id);
  if (own) return own;
  return isSlug(user.username) ? createPersonalProfile(tx, user, at) : null;
}

async function inviteOwner(tx: Tx, waiting: Profile, user: User, at: Date): Promise<void> {
  await updateProfileRow(tx, waiting.id, claimed);
  if (await findRole(tx, waiting.id, user.id)) return;
  await inviteManager(tx, waiting, user, at);
}

/** Invites a user to manage a profile that was made for the user's address. */
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
