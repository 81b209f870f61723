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

/** The subscriber that the body of a grant names; `email` is valid or null. */
export type NamedGrantee = Omit<GrantInput['profile'], 'email'> & { email: string | null };

export interface Grantee {
  profile: Profile;
  /** User who must activate an account first; `id` is null if the address has no account. Null if no user must. */
  invitee: { id: UserId | null; email: string } | null;
}

/**
 * Finds the subscriber that a provider names. The order of precedence is: the profile with the slug; the profile with
 * the verified e-mail address; the personal profile of the user who verified the address, created when missing; the
 * profile that an earlier grant of this provider created for the address. Undefined for an archived profile.
 */
export async function findGrantee(
  tx: Tx,
  provider_id: ProfileId,
  named: NamedGrantee,
  at: Date,
): Promise<Grantee | undefined> {
  const slug = named.slug?.trim() ?? '';
  const by_slug = slug === '' ? undefined : await findProfileBySlug(tx, slug);
  const by_email =
    by_slug || named.email === null ? undefined : await findByAddress(tx, provider_id, named, named.email, at);
  const profile = by_slug ?? by_email;
  return profile?.is_active ? { profile, invitee: await findInvitee(tx, profile) } : undefined;
}

async function findByAddress(
  tx: Tx,
  provider_id: ProfileId,
  { type }: NamedGrantee,
  email: string,
  at: Date,
): Promise<Profile | undefined> {
  const by_address = await findProfileByEmail(tx, email);
  if (by_address) return by_address;
  const owner = await findUserByVerifiedEmail(tx, email);
  if (type === 'personal' && owner) {
    return (await findPersonalProfile(tx, owner.id)) ?? (await createPersonalProfile(tx, owner, at));
  }
  return findInvitedProfile(tx, { provider_id, email, as: toProfileKind(type) });
}

/**
 * Creates a profile without a manager for an e-mail address. The user who verified the address is invited to manage it;
 * without such a user the profile waits for the first user who verifies it.
 * @throws invalid_input (400)
 */
export async function inviteGrantee(
  ctx: Context,
  tx: Tx,
  provider_id: ProfileId,
  named: NamedGrantee,
): Promise<Grantee> {
  const { email } = named;
  if (email === null) {
    throw invalidInput({ 'profile.email': ['We cannot invite an organization without an e-mail address.'] });
  }
  const at = ctx.clock.now();
  const full_name = named.full_name.trim() === '' ? (email.split('@')[0] ?? email) : named.full_name;
  const fields = { ...parseProfileFields({ ...named, full_name }, { broker: false }), full_name };
  const slug = parseValidSlug(named);
  const owner = await findUserByVerifiedEmail(tx, email);
  if (owner) {
    const profile = await createOrganization(tx, { slug, manager: null, fields }, at);
    await inviteManager(tx, profile, owner, at);
    return { profile, invitee: await findInvitee(tx, profile) };
  }
  const waiting = { invited_email: email, invited_as: toProfileKind(named.type), invited_by_profile_id: provider_id };
  const free = slug ?? (await findFreeSlug(tx, full_name, at));
  const profile = await insertProfile(tx, { ...fields, ...waiting, slug: free }, at);
  return { profile, invitee: await findInvitee(tx, profile) };
}

/** Returns the user who has to activate an account before the profile can accept; null if a user can sign in for it. */
export async function findInvitee(tx: Tx, profile: Profile): Promise<Grantee['invitee']> {
  const email = profile.invited_email;
  if (email === null) return null;
  const user: User | undefined = await findUserByEmail(tx, email);
  // An unverified user with a password verifies the address after signing in: an activation link would replace the
  // password.
  if (user && (user.has_password || isEmailVerified(user))) return null;
  return { id: user?.id ?? null, email };
}

function toProfileKind(type: NamedGrantee['type']): 'personal' | 'organization' {
  return type === 'personal' ? 'personal' : 'organization';
}

function parseValidSlug(named: NamedGrantee): string | undefined {
  const slug = named.slug?.trim() ?? '';
  return isSlug(slug) ? slug : undefined;
}
