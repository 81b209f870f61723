import { invalidInput } from '#kernel/problem';
import {
  findUserByEmail,
  findUserByUsername,
  insertUser,
  isEmailVerified,
  isUsername,
  prepareVerification,
  type User,
} from '#accounts';
import { parseEmail } from '#kernel/email';
import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { paths } from '#platform/http/paths';
import { extraToText } from '#platform/http/schemas';
import { requireQuota } from '#platform/security/quota';
import type { Throttle } from '#platform/security/throttle';
import { actorId } from '#platform/actor-id';
import { roleGrantCreated, userInvited } from '../events.ts';
import { profileProblems } from '../problems.ts';
import { membersQuota } from '../quotas.ts';
import { invitationLimit, sellerInvitationLimit } from '../rate-limits.ts';
import {
  countRolesOnProfile,
  decideGrant,
  findFreeUsername,
  findRoleTypeInUrl,
  insertRole,
  INVITATION_DAYS,
  isSeller,
  lockProfile,
  lockRole,
  type NewRole,
  type Profile,
  type Role,
  type RoleType,
  skipsConsent,
  updateRole,
} from '../records/index.ts';

/** Counts an invitation or a request against the limit of the caller. @throws too_many_requests (429) */
export async function countInvitation(ctx: Context, throttle: Throttle): Promise<void> {
  const user_id = actorId(ctx);
  const sells = user_id !== null && (await isSeller(ctx.db, user_id, ctx.site.broker_id));
  await throttle.take(sells ? sellerInvitationLimit : invitationLimit, String(user_id));
}

export interface RoleGrantInput {
  slug?: string | undefined;
  email?: string | undefined;
  full_name?: string | undefined;
  message?: string | undefined;
  extra?: unknown;
}

export interface RoleGrantResult {
  role: Role;
  /** True if the user had no role, invitation or request on the profile before. */
  is_new: boolean;
}

/**
 * Grants a role on a profile to a user, or invites the user to accept it.
 *
 * With `force`, an unknown e-mail address gets a login without a password and a link that activates it. The guard of
 * the route admits managers of the profile only.
 * Locks: the row of the profile, which serializes grants to one user.
 * @throws role_type_unknown, user_unknown (404) · invalid_input (400) · role_already_held, quota_exceeded (409)
 */
export async function grantRole(
  ctx: Context,
  profile_id: ProfileId,
  role_in_url: string,
  input: RoleGrantInput,
  options: { force: boolean },
): Promise<RoleGrantResult> {
  const invitee_names = parseInvitee(input);
  return inTransaction(ctx.db, async (tx) => {
    const profile = await lockProfile(tx, profile_id);
    const type = await findRoleTypeInUrl(tx, profile_id, role_in_url);
    if (!type) throw profileProblems.role_type_unknown();
    const found = await findInvitee(tx, invitee_names);
    if (!found && !options.force) throw profileProblems.user_unknown();
    const { user, by_email } = found ?? {
      user: await createInvitedUser(ctx, tx, profile, invitee_names),
      by_email: true,
    };
    const prior = await lockRole(tx, profile_id, user.id);
    if (!prior) requireQuota(membersQuota, await countRolesOnProfile(tx, profile_id));
    const role = await applyGrant(ctx, tx, { profile, type, user, prior, by_email });
    const result =
      input.extra === undefined ? role : await updateRole(tx, role.id, { extra: extraToText(input.extra) });
    await notifyGrantedUser(ctx, tx, { role: result, user, role_type: type.slug, message: input.message ?? null });
    return { role: result, is_new: prior === undefined };
  });
}

interface InviteeNames {
  slug: string | null;
  email: string | null;
  full_name: string;
}

function parseInvitee(input: RoleGrantInput): InviteeNames {
  const slug = input.slug?.trim() || null;
  const email_text = input.email?.trim() || null;
  const email = email_text === null ? null : parseEmail(email_text);
  if (slug === null && email_text === null) {
    const message = 'Enter a username or an e-mail address.';
    throw invalidInput({ slug: [message], email: [message] });
  }
  if (slug !== null && !isUsername(slug) && email === null) throw invalidInput({ slug: ['Enter a valid username.'] });
  if (email_text !== null && email === null) throw invalidInput({ email: ['Enter an e-mail address.'] });
  return { slug, email, full_name: input.full_name?.trim() ?? '' };
}

/** Finds the user that the input names. `by_email` is true if the address and not the username matched. */
async function findInvitee(
  tx: Tx,
  { slug, email }: InviteeNames,
): Promise<{ user: User; by_email: boolean } | undefined> {
  const named = slug === null ? undefined : await findUserByUsername(tx, slug);
  if (named?.is_active) return { user: named, by_email: false };
  const addressed = email === null ? undefined : await findUserByEmail(tx, email);
  return addressed?.is_active ? { user: addressed, by_email: true } : undefined;
}

async function createInvitedUser(ctx: Context, tx: Tx, profile: Profile, names: InviteeNames): Promise<User> {
  if (names.email === null) throw invalidInput({ email: ['Enter the e-mail address to invite.'] });
  const at = ctx.clock.now();
  const username = await findFreeUsername(tx, names.email, at);
  const user = await insertUser(tx, { username, email: names.email, full_name: names.full_name }, at);
  await emit(tx, userInvited({ user_id: user.id, profile_id: profile.id, originated_by: actorId(ctx) }), at);
  return user;
}

interface Grant {
  profile: Profile;
  type: RoleType;
  user: User;
  prior: Role | undefined;
  by_email: boolean;
}

async function applyGrant(ctx: Context, tx: Tx, grant: Grant): Promise<Role> {
  const { profile, type, user, prior } = grant;
  const at = ctx.clock.now();
  // The user who entered an address at registration may not be its owner until it is verified.
  const is_unproven = grant.by_email && !isEmailVerified(user);
  const is_own_personal_profile = profile.personal_user_id === user.id;
  const asks_user = !skipsConsent(type, { is_own_personal_profile, is_unproven });
  const step = decideGrant(prior, type.id, { asks_user, is_unproven }, at);
  const invitation = {
    role_type_id: type.id,
    request_key: null,
    key_expires_at: new Date(at.getTime() + INVITATION_DAYS * 86_400_000),
    accepted_at: null,
    invited_email: grant.by_email ? user.email : null,
  };
  const inEffect = {
    role_type_id: type.id,
    grant_key: null,
    request_key: null,
    key_expires_at: null,
    invited_email: null,
    // A request implies consent; a role that was given without a request does not.
    accepted_at: prior?.request_key !== null && prior?.request_key !== undefined ? at : null,
  };
  switch (step.does) {
    case 'refuse':
      throw profileProblems[step.refusal]({ location: paths.roles(profile.slug) });
    case 'nothing':
      return requireRow(prior);
    case 'invite':
      return saveRole(tx, grant, { ...invitation, grant_key: randomKey40() }, at);
    case 'reinvite':
      return saveRole(
        tx,
        grant,
        { ...invitation, grant_key: requireRow(prior).grant_key, invited_email: keepInvitedEmail(prior, invitation) },
        at,
      );
    case 'activate':
      return saveRole(tx, grant, inEffect, at);
  }
}

/** Keeps the address that an invitation requires when the same user is invited again by username. */
function keepInvitedEmail(prior: Role | undefined, invitation: { invited_email: string | null }): string | null {
  return invitation.invited_email ?? prior?.invited_email ?? null;
}

async function saveRole(
  tx: Tx,
  { prior, profile, user }: Grant,
  change: Omit<NewRole, 'user_id' | 'profile_id'>,
  at: Date,
): Promise<Role> {
  if (prior) return updateRole(tx, prior.id, change);
  return insertRole(tx, { ...change, user_id: user.id, profile_id: profile.id }, at);
}

function requireRow(role: Role | undefined): Role {
  if (!role) throw new Error('the role to keep is missing');
  return role;
}

/**
 * Emits `role_grant_created` with the key of the invitation and, for a user without a password, the key that activates
 * the account.
 */
export async function notifyGrantedUser(
  ctx: Context,
  tx: Tx,
  grant: { role: Role; user: User; role_type: string | null; message: string | null },
): Promise<void> {
  const { role, user } = grant;
  const at = ctx.clock.now();
  const message = user.has_password ? grant.message : removeLinks(grant.message);
  const key =
    user.has_password || user.email === null ? null : await createActivationKey(tx, user.id, user.email, message, at);
  await updateRole(tx, role.id, { last_notified_at: at });
  await emit(
    tx,
    roleGrantCreated({
      role_id: role.id,
      profile_id: role.profile_id,
      user_id: user.id,
      role_type: grant.role_type,
      message,
      originated_by: actorId(ctx),
      grant_key: role.grant_key,
      key,
    }),
    at,
  );
}

/**
 * Creates the key of the link that sets the first password; with `user_id` null the link also creates the login. The
 * key is valid for INVITATION_DAYS.
 */
export async function createActivationKey(
  tx: Tx,
  user_id: UserId | null,
  address: string,
  reason: string | null,
  at: Date,
): Promise<string | null> {
  const lifetime_s = INVITATION_DAYS * 86_400;
  const verification = {
    user_id,
    channel: 'email',
    address,
    purpose: 'activate',
    sends: 'key',
    reason,
    lifetime_s,
  } as const;
  return (await prepareVerification(tx, verification, at)).key;
}

/**
 * Removes URLs from a message to a recipient without a password, so that the site does not send phishing links of other
 * users.
 */
export function removeLinks(message: string | null): string | null {
  return message === null ? null : message.replace(/(?:[a-z][a-z0-9+.-]*:\/\/|www\.)\S+/gi, '').trim();
}
