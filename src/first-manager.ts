import { findUsersByIds, insertUser, prepareVerification, type User } from '#accounts';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db';
import { paths } from '#platform/http/paths';
import { findRoleType, getBroker, insertRole, MANAGER, managersOf, type Profile } from '#profiles';
import { lockSetUp } from './set-up.ts';

const LINK_LIFETIME_S = 86_400;

/**
 * Makes the first manager of a site that nobody manages, as a user without password, and answers the link by which whoever runs the
 * server becomes that user; a new link at each start until somebody has. Null when a manager can sign in.
 */
export async function firstManagerLink(ctx: Context): Promise<string | null> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    await lockSetUp(tx);
    const broker = await getBroker(tx, ctx.site);
    const managers = await findUsersByIds(tx, await managersOf(tx, broker.id, at));
    if ([...managers.values()].some((user) => user.has_password)) return null;
    const [waiting] = managers.values();
    const user = waiting ?? (await insertFirstManager(tx, broker, at));
    const { key } = await prepareVerification(
      tx,
      {
        user_id: user.id,
        channel: 'email',
        address: broker.email,
        purpose: 'activate',
        sends: 'key',
        lifetime_s: LINK_LIFETIME_S,
      },
      at,
    );
    return key === null ? null : `${ctx.origin}${paths.activate(key, paths.setUp(ctx.site.slug))}`;
  });
}

async function insertFirstManager(tx: Tx, broker: Profile, at: Date): Promise<User> {
  const type = await findRoleType(tx, broker.id, MANAGER);
  if (!type) throw new Error('the site has no role type for managers');
  const user = await insertUser(
    tx,
    { username: `${broker.slug}-manager`, email: broker.email, full_name: 'Site manager' },
    at,
  );
  await insertRole(tx, { user_id: user.id, profile_id: broker.id, role_type_id: type.id, accepted_at: at }, at);
  return user;
}
