import { insertUser, type User } from '#accounts';
import { hashPassword } from '#platform/security/password';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import {
  createPersonalProfile,
  findAgreement,
  findRoleType,
  getBroker,
  insertRole,
  insertRoleType,
  type Profile,
  TERMS_OF_USE,
  upsertSignature,
} from '#profiles';
import { password, users } from './dataset.ts';

export interface People {
  broker: Profile;
  users: ReadonlyMap<string, User>;
  profiles: ReadonlyMap<string, Profile>;
}

/** Creates the four users of the demo: verified, with signed terms and a personal profile each. */
export async function seedPeople(ctx: Context): Promise<People> {
  const at = ctx.clock.now();
  const password_hash = await hashPassword(password);
  return inTransaction(ctx.db, async (tx) => {
    const broker = await getBroker(tx, ctx.site);
    const created = new Map<string, User>();
    const profiles = new Map<string, Profile>([[broker.slug, broker]]);
    await insertRoleType(tx, { slug: 'support', profile_id: null, title: 'Support' }, at);
    for (const { username, full_name, role } of users) {
      const email = `${username}@example.com`;
      const user = await insertUser(tx, { username, full_name, email, email_verified_at: at, password_hash }, at);
      created.set(username, user);
      profiles.set(username, await createPersonalProfile(tx, user, at));
      if (role !== null) {
        const type = await findRoleType(tx, broker.id, role);
        if (!type) throw new Error(`there is no role type ${role}`);
        await insertRole(tx, { user_id: user.id, profile_id: broker.id, role_type_id: type.id, accepted_at: at }, at);
      }
      for (const slug of [TERMS_OF_USE, 'privacy']) {
        const agreement = await findAgreement(tx, slug);
        if (agreement) await upsertSignature(tx, { agreement, user_id: user.id, ip: null, user_agent: null }, at);
      }
    }
    return { broker, users: created, profiles };
  });
}

/** Returns the context with a user as its actor. */
export function actAs<C extends Context>(ctx: C, user: User | undefined): C {
  if (!user) throw new Error('the demo has no such user');
  return {
    ...ctx,
    actor: {
      kind: 'user',
      user_id: user.id,
      username: user.username,
      session_id: null,
      via: 'token',
      visitor_hash: null,
    },
  };
}
