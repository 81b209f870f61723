import { invalidInput } from '#kernel/problem';
import { findUserByEmail, findUserById, findUserByUsername, insertUser, isUsername, type User } from '#accounts';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { requireQuota } from '#platform/security/quota';
import { actorId } from '#platform/actor-id';
import { isBrokerManager } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import { profilesQuota } from '../quotas.ts';
import { countRolesOfUser, findPersonalProfile, isSeller, type Profile, type ProfileFields } from '../records/index.ts';
import { requestManagerRole } from '../roles/index.ts';
import type { ProfileCreateInput } from '../schemas.ts';
import { inviteManager } from './claim-invitations.ts';
import {
  createOrganization,
  createPersonalProfile,
  findFreeSlug,
  parseProfileFields,
  slugTakenProblem,
} from './create-profile.ts';

/**
 * Creates a profile that a user manages: an organization or the personal profile of the user. A personal profile with
 * another name is managed by a new user; the user of the path only requests a role on it.
 *
 * @throws user_unknown (404) · invalid_input (400) · quota_exceeded (409)
 */
export async function createManagedProfile(
  ctx: Context,
  user_id: UserId,
  input: ProfileCreateInput,
  subject: Subject,
): Promise<Profile> {
  const fields = requireName(parseProfileFields(input, { broker: isBrokerManager(subject) }));
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const user = await findUserById(tx, user_id);
    if (!user) throw profileProblems.user_unknown();
    requireQuota(profilesQuota, await countRolesOfUser(tx, user.id));
    if (input.type === 'personal') return connectPersonal(ctx, tx, user, input, fields);
    const slug = parseSlug(input.slug);
    const email = fields.email ?? (await findCallerEmail(ctx, tx)) ?? user.email ?? '';
    const is_own = actorId(ctx) === user.id;
    const manager = is_own ? user : null;
    const profile = await createOrganization(tx, { slug, manager, fields: { ...fields, email } }, at);
    // The broker may create a profile for a user, who has to accept the manager role.
    if (!is_own) await inviteManager(tx, profile, user, at);
    return profile;
  });
}

async function connectPersonal(
  ctx: Context,
  tx: Tx,
  user: User,
  input: ProfileCreateInput,
  fields: NamedFields,
): Promise<Profile> {
  const at = ctx.clock.now();
  const slug = parseSlug(input.slug);
  if (slug === undefined || slug.toLowerCase() === user.username.toLowerCase()) {
    if (!(await findPersonalProfile(tx, user.id))) return createPersonalProfile(tx, user, at, fields);
    if (slug !== undefined) throw slugTakenProblem();
  }
  // The profile belongs to another user, who decides on further managers: the creator only requests the role.
  const profile = await createPersonForOwner(tx, { slug, fields }, at);
  await requestManagerRole(ctx, tx, profile, user);
  return profile;
}

/**
 * Creates a profile for a party without an account. An organization has no manager until a broker manager grants the
 * role; a personal profile comes with a login without a password, which its owner claims by e-mail.
 *
 * Why sellers only: other users must not be able to store names and addresses of third parties.
 * @throws shadow_profiles_limited (403) · invalid_input (400)
 */
export async function addShadowProfile(ctx: Context, input: ProfileCreateInput): Promise<Profile> {
  const caller = actorId(ctx);
  const at = ctx.clock.now();
  if (caller === null || !(await isSeller(ctx.db, caller, ctx.site.broker_id))) {
    throw profileProblems.shadow_profiles_limited();
  }
  const fields = requireName(parseProfileFields(input, { broker: false }));
  const slug = parseSlug(input.slug);
  return inTransaction(ctx.db, async (tx) => {
    if (input.type !== 'personal') return createOrganization(tx, { slug, manager: null, fields }, at);
    return createPersonForOwner(tx, { slug, fields }, at);
  });
}

async function createPersonForOwner(
  tx: Tx,
  input: { slug: string | undefined; fields: NamedFields },
  at: Date,
): Promise<Profile> {
  const { fields } = input;
  if (fields.email === undefined) throw invalidInput({ email: ['This field is required.'] });
  if (await findUserByEmail(tx, fields.email))
    throw invalidInput({ email: ['This e-mail address is already in use.'] });
  const username = input.slug ?? (await findFreeSlug(tx, fields.full_name, at));
  if (!isUsername(username)) throw invalidInput({ slug: ['Use letters, digits, - and _ only, 50 at most.'] });
  if (await findUserByUsername(tx, username)) throw slugTakenProblem();
  const person = await insertUser(tx, { username, email: fields.email, full_name: fields.full_name }, at);
  return createPersonalProfile(tx, person, at, fields);
}

type NamedFields = Partial<ProfileFields> & { full_name: string };

function requireName(fields: Partial<ProfileFields>): NamedFields {
  const { full_name } = fields;
  if (full_name === undefined) throw invalidInput({ full_name: ['This field is required.'] });
  return { ...fields, full_name };
}

function parseSlug(slug: string | undefined): string | undefined {
  return slug === undefined || slug.trim() === '' ? undefined : slug.trim();
}

async function findCallerEmail(ctx: Context, tx: Tx): Promise<string | null> {
  const caller = actorId(ctx);
  return caller === null ? null : ((await findUserById(tx, caller))?.email ?? null);
}
