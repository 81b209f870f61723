import { findUserByEmail, findUserByVerifiedEmail, isEmailVerified, type User } from '#accounts';
import {
  createOrganization,
  createPersonalProfile,
  findInvitedProfile,
  findPersonalProfile,
  findProfileByEmail,
  findProfileBySlug,
  insertProfile,
  inviteManager,
  parseProfileFields,
  type Profile,
  findFreeSlug,
} from '#profiles';
import { invalidInput } from '#kernel/problem';
import { isSlug } from '#kernel/slug';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { GrantInput } from './schemas.ts';

/** Who is named by the body of a grant; `email` is valid or null. */
export type Named = Omit<GrantInput['profile'], 'email'> & { email: string | null };

export interface Grantee {
  profile: Profile;
  /** The person who has to activate a login first; `id` is null while the address has no login. */
  invitee: { id: UserId | null; email: string } | null;
}

/**
 * Finds the subscriber that a provider means: a profile by slug, else by proved e-mail address, else the personal profile
 * of the user who has verified the address, made when there is none yet, else the profile that this provider had made for
 * the address before.
 */
export async function findGrantee(
  tx: Tx,
  provider_id: ProfileId,
  named: Named,
  at: Date,
): Promise<Grantee | undefined> {
  const slug = named.slug?.trim() ?? '';
  const by_slug = slug === '' ? undefined : await findProfileBySlug(tx, slug);
  const by_email =
    by_slug || named.email === null ? undefined : await findByAddress(tx, provider_id, named, named.email, at);
  const profile = by_slug ?? by_email;
  return profile?.is_active ? { profile, invitee: await inviteeOf(tx, profile) } : undefined;
}

async function findByAddress(
  tx: Tx,
  provider_id: ProfileId,
  { type }: Named,
  email: string,
  at: Date,
): Promise<Profile | undefined> {
  const proved = await findProfileByEmail(tx, email);
  if (proved) return proved;
  const owner = await findUserByVerifiedEmail(tx, email);
  if (type === 'personal' && owner) {
    return (await findPersonalProfile(tx, owner.id)) ?? (await createPersonalProfile(tx, owner, at));
  }
  return findInvitedProfile(tx, { provider_id, email, as: kindOf(type) });
}

/**
 * Makes a profile for a person by e-mail address, which nobody manages yet. The user who has verified the address is
 * invited to manage it; without such a user the profile waits for whoever proves the address first.
 * @throws invalid_input (400)
 */
export async function inviteGrantee(ctx: Context, tx: Tx, provider_id: ProfileId, named: Named): Promise<Grantee> {
  const { email } = named;
  if (email === null) {
    throw invalidInput({ 'profile.email': ['We cannot invite an organization without an e-mail address.'] });
  }
  const at = ctx.clock.now();
  const full_name = named.full_name.trim() === '' ? (email.split('@')[0] ?? email) : named.full_name;
  const fields = { ...parseProfileFields({ ...named, full_name }, { broker: false }), full_name };
  const slug = slugOf(named);
  const owner = await findUserByVerifiedEmail(tx, email);
  if (owner) {
    const profile = await createOrganization(tx, { slug, manager: null, fields }, at);
    await inviteManager(tx, profile, owner, at);
    return { profile, invitee: await inviteeOf(tx, profile) };
  }
  const waiting = { invited_email: email, invited_as: kindOf(named.type), invited_by_profile_id: provider_id };
  const free = slug ?? (await findFreeSlug(tx, full_name, at));
  const profile = await insertProfile(tx, { ...fields, ...waiting, slug: free }, at);
  return { profile, invitee: await inviteeOf(tx, profile) };
}

/** The person who has to activate a login before the profile can accept; null when a user can sign in for it. */
async function inviteeOf(tx: Tx, profile: Profile): Promise<Grantee['invitee']> {
  const email = profile.invited_email;
  if (email === null) return null;
  const typed: User | undefined = await findUserByEmail(tx, email);
  // An unverified user with a password signs in and proves the address there: a link would replace that password.
  if (typed && (typed.has_password || isEmailVerified(typed))) return null;
  return { id: typed?.id ?? null, email };
}

function kindOf(type: Named['type']): 'personal' | 'organization' {
  return type === 'personal' ? 'personal' : 'organization';
}

function slugOf(named: Named): string | undefined {
  const slug = named.slug?.trim() ?? '';
  return isSlug(slug) ? slug : undefined;
}
