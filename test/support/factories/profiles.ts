import {
  createOrganization,
  createPersonalProfile,
  findAgreement,
  findRoleType,
  insertRole,
  type Profile,
  TERMS_OF_USE,
  upsertSignature,
} from '#profiles';
import type { User } from '#accounts';
import { inTransaction, type Db } from '#platform/db/database';
import { ordinaryDay } from '../context.ts';
import { next } from '../factories.ts';
import { makeUser, type UserSample } from './accounts.ts';

/** Makes an organization with an e-mail address, without a manager unless `manager` is given. */
export async function makeOrganization(
  db: Db,
  sample: { slug?: string; manager?: User | null; is_provider?: boolean; email?: string; at?: Date } = {},
): Promise<Profile> {
  const { slug = next('org'), manager = null, is_provider = false, at = ordinaryDay } = sample;
  const fields = { full_name: `The ${slug}`, email: sample.email ?? `contact@${slug}.example.com`, is_provider };
  return inTransaction(db, (tx) => createOrganization(tx, { slug, manager, fields }, at));
}

/** Grants a user an active role that the user accepted. */
export async function makeMember(
  db: Db,
  profile: Pick<Profile, 'id'>,
  user: User,
  type: string,
  at = ordinaryDay,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const role_type = await findRoleType(tx, profile.id, type);
    if (!role_type) throw new Error(`there is no role type ${type}`);
    await insertRole(tx, { user_id: user.id, profile_id: profile.id, role_type_id: role_type.id, accepted_at: at }, at);
  });
}

/** Makes a user with a password and signed terms by default, so that no guard refuses the user. */
export async function makeReadyUser(
  db: Db,
  sample: UserSample & { personal?: boolean; signed?: boolean } = {},
): Promise<User> {
  const { personal = false, signed = true, ...given } = sample;
  const user = await makeUser(db, given);
  const at = given.at ?? ordinaryDay;
  await inTransaction(db, async (tx) => {
    if (personal) await createPersonalProfile(tx, user, at);
    const agreement = signed ? await findAgreement(tx, TERMS_OF_USE) : undefined;
    if (agreement) await upsertSignature(tx, { agreement, user_id: user.id, ip: null, user_agent: null }, at);
  });
  return user;
}
