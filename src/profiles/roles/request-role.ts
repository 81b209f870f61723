import { invalidInput } from '#kernel/problem';
import { findUserById, type User } from '#accounts';
import { parseEmail } from '#kernel/email';
import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { paths } from '#platform/http/paths';
import { requireQuota } from '#platform/security/quota';
import { actorId } from '#platform/actor-id';
import { roleRequestCreated } from '../events.ts';
import { profileProblems } from '../problems.ts';
import { membersQuota, profilesQuota } from '../quotas.ts';
import {
  countRolesOfUser,
  countRolesOnProfile,
  decideRequest,
  findProfileByEmail,
  findProfileBySlug,
  findRoleTypeInUrl,
  getManagerType,
  insertRole,
  lockProfile,
  lockRole,
  type Profile,
  type Role,
  type RoleType,
  updateRole,
} from '../records/index.ts';
import { acceptLockedRole } from './accept-role.ts';
import { withVerificationSent } from './email-unverified.ts';

const DAY_MS = 86_400_000;

export interface RoleRequestInput {
  slug?: string | undefined;
  email?: string | undefined;
  message?: string | undefined;
}

/**
 * Requests a role on a profile, of any type when `role_in_url` is null. A request for the invited role accepts it.
 *
 * @throws profile_unknown, role_type_unknown (404) · invalid_input (400) · role_already_held, role_already_offered
 * (409)
 */
export async function requestRole(
  ctx: Context,
  user_id: UserId,
  role_in_url: string | null,
  input: RoleRequestInput,
): Promise<{ role: Role; is_new: boolean }> {
  const requestIn = async (tx: Tx) => {
    const user = await findUserById(tx, user_id);
    if (!user) throw profileProblems.user_unknown();
    const found = await findRequestedProfile(tx, input);
    const profile = await lockProfile(tx, found.id);
    const type = role_in_url === null ? null : await findRoleTypeInUrl(tx, profile.id, role_in_url);
    if (type === undefined) throw profileProblems.role_type_unknown();
    const prior = await lockRole(tx, profile.id, user_id);
    const role = await applyRequest(ctx, tx, { profile, user, type, prior });
    if (role.request_key !== null) await notifyManagers(ctx, tx, role, type, input.message ?? null);
    return { role, is_new: prior === undefined };
  };
  return withVerificationSent(ctx, () => inTransaction(ctx.db, requestIn));
}

/** Requests the manager role on a profile that was created in the same transaction. */
export async function requestManagerRole(ctx: Context, tx: Tx, profile: Profile, user: User): Promise<Role> {
  const type = await getManagerType(tx);
  const role = await applyRequest(ctx, tx, { profile, user, type, prior: undefined });
  await notifyManagers(ctx, tx, role, type, null);
  return role;
}

async function findRequestedProfile(tx: Tx, input: RoleRequestInput): Promise<Profile> {
  const slug = input.slug?.trim() ?? '';
  const email = parseEmail(input.email ?? '');
  if (slug === '' && (input.email ?? '') === '') throw invalidInput({ slug: ['Enter the name of a profile.'] });
  const bySlug = slug === '' ? undefined : await findProfileBySlug(tx, slug);
  const profile = bySlug ?? (email === null ? undefined : await findProfileByEmail(tx, email));
  if (!profile?.is_active || profile.is_processor) throw profileProblems.profile_unknown();
  return profile;
}

interface RoleRequest {
  profile: Profile;
  user: User;
  type: RoleType | null;
  prior: Role | undefined;
}

async function applyRequest(ctx: Context, tx: Tx, { profile, user, type, prior }: RoleRequest): Promise<Role> {
  const at = ctx.clock.now();
  const role_type_id = type?.id ?? null;
  const step = decideRequest(prior, role_type_id, at);
  if (step.does === 'refuse') {
    throw profileProblems[step.refusal]({ location: paths.userRoles(user.username) });
  }
  if (!prior) {
    requireQuota(profilesQuota, await countRolesOfUser(tx, user.id));
    requireQuota(membersQuota, await countRolesOnProfile(tx, profile.id));
    return insertRole(tx, { user_id: user.id, profile_id: profile.id, role_type_id, request_key: randomKey40() }, at);
  }
  switch (step.does) {
    case 'nothing':
      return prior;
    case 'rerequest':
      return updateRole(tx, prior.id, { role_type_id });
    case 'accept':
      if (actorId(ctx) !== user.id) throw profileProblems.role_acceptance_personal();
      return acceptLockedRole(ctx, tx, prior, user);
    case 'request':
      return updateRole(tx, prior.id, {
        role_type_id,
        request_key: randomKey40(),
        grant_key: null,
        key_expires_at: null,
        invited_email: null,
        accepted_at: null,
        last_notified_at: null,
      });
  }
}

/** Emits `role_request_created` for the managers, at most once per day and request. */
export async function notifyManagers(
  ctx: Context,
  tx: Tx,
  role: Role,
  type: RoleType | null,
  message: string | null,
): Promise<void> {
  const at = ctx.clock.now();
  if (role.last_notified_at !== null && at.getTime() - role.last_notified_at.getTime() < DAY_MS) return;
  await updateRole(tx, role.id, { last_notified_at: at });
  await emit(
    tx,
    roleRequestCreated({
      role_id: role.id,
      profile_id: role.profile_id,
      user_id: role.user_id,
      role_type: type?.slug ?? null,
      message,
      originated_by: actorId(ctx),
      request_key: role.request_key,
    }),
    at,
  );
}
