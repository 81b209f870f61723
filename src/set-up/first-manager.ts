import { findUsersByIds, insertUser, replaceVerification, type User } from '#accounts';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { findManagerIds, getBroker, makeManager, type Profile } from '#profiles';
import { lockSetUp } from './set-up-store.ts';

const LINK_LIFETIME_S = 86_400;
const REASON = 'first manager';
/** Maximum time between two nodes of one deployment that finish their migrations and log the link. */
const START_TOGETHER_MS = 30_000;

/**
 * Inserts the first manager of a site without managers, as a user without password, and returns an activation link.
 * The link is valid once; it replaces every earlier link. Returns null if a manager can sign in.
 *
 * Returns `prepared_at` if a node prepared a link less than 30 s ago, so that nodes that start together log one link.
 * Locks: the advisory lock of the set-up.
 */
export async function prepareFirstManager(ctx: Context): Promise<{ link: string } | { prepared_at: Date } | null> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    await lockSetUp(tx);
    const broker = await getBroker(tx, ctx.site);
    const managers = await findUsersByIds(tx, await findManagerIds(tx, broker.id));
    if ([...managers.values()].some((user) => user.has_password)) return null;
    const [waiting] = managers.values();
    const user = waiting ?? (await insertFirstManager(tx, broker, at));
    const prepared = await replaceVerification(
      tx,
      {
        user_id: user.id,
        channel: 'email',
        address: broker.email,
        purpose: 'activate',
        sends: 'key',
        reason: REASON,
        lifetime_s: LINK_LIFETIME_S,
      },
      at,
      START_TOGETHER_MS,
    );
    if ('prepared_at' in prepared) return prepared;
    return prepared.key === null
      ? null
      : { link: `${ctx.origin}${paths.activate(prepared.key, paths.setUp(ctx.site.slug))}` };
  });
}

async function insertFirstManager(tx: Tx, broker: Profile, at: Date): Promise<User> {
  const user = await insertUser(
    tx,
    { username: `${broker.slug}-manager`, email: broker.email, full_name: 'Site manager' },
    at,
  );
  await makeManager(tx, broker, user, at);
  return user;
}
