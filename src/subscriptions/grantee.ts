import { findUserByEmail, insertUser } from '#accounts';
import {
  createOrganization,
  createPersonalProfile,
  findPersonalProfile,
  findProfileByEmail,
  findProfileBySlug,
  freeUsername,
  parseProfileFields,
  type Profile,
  userInvited,
} from '#profiles';
import { invalidInput } from '#kernel/problem';
import { isSlug } from '#kernel/slug';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db-schema';
import type { Tx } from '#platform/db';
import { emit } from '#platform/events';
import type { GrantInput } from './schemas.ts';

/** Who is named by the body of a grant; `email` is valid or null. */
export type Named = Omit<GrantInput['profile'], 'email'> & { email: string | null };

export interface Grantee {
  profile: Profile;
  is_new: boolean;
  /** The user who has to activate a login first; null when somebody can sign in. */
  invitee: { id: UserId; email: string } | null;
}

/**
 * Finds whom a provider means: a profile by slug, else by e-mail address, else the personal profile of the user who has
 * that address, made when there is none yet.
 */
export async function findGrantee(tx: Tx, named: Named, at: Date): Promise<Grantee | undefined> {
  const slug = named.slug?.trim() ?? '';
  const by_slug = slug === '' ? undefined : await findProfileBySlug(tx, slug);
  const by_email = by_slug || named.email === null ? undefined : await findProfileByEmail(tx, named.email);
  const profile = by_slug ?? by_email;
  if (profile?.is_active) return { profile, is_new: false, invitee: null };
  if (named.type !== 'personal' || named.email === null) return undefined;
  const user = await findUserByEmail(tx, named.email);
  if (!user?.is_active) return undefined;
  const personal = await findPersonalProfile(tx, user.id);
  return { profile: personal ?? (await createPersonalProfile(tx, user, at)), is_new: false, invitee: null };
}

/**
 * Makes a profile for somebody unknown, managed by the user with that e-mail address, who is made too when there is none.
 * @throws invalid_input (400)
 */
export async function inviteGrantee(ctx: Context, tx: Tx, named: Named): Promise<Grantee> {
  const { email } = named;
  if (email === null) {
    throw invalidInput({ 'profile.email': ['We cannot invite an organization without an e-mail address.'] });
  }
  const at = ctx.clock.now();
  const full_name = named.full_name.trim() === '' ? (email.split('@')[0] ?? email) : named.full_name;
  const fields = { ...parseProfileFields({ ...named, full_name }, { broker: false }), full_name };
  const known = await findUserByEmail(tx, email);
  const user = known ?? (await insertUser(tx, { username: await freeUsername(tx, email, at), email, full_name }, at));
  const profile =
    named.type === 'personal'
      ? await createPersonalProfile(tx, user, at, fields)
      : await createOrganization(tx, { slug: freeOf(named), manager: user, fields }, at);
  if (!known) {
    const originated_by = ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
    await emit(tx, userInvited({ user_id: user.id, profile_id: profile.id, originated_by }), at);
  }
  return { profile, is_new: true, invitee: user.has_password ? null : { id: user.id, email } };
}

function freeOf(named: Named): string | undefined {
  const slug = named.slug?.trim() ?? '';
  return isSlug(slug) ? slug : undefined;
}
