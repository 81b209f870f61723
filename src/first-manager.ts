import { insertUser, prepareVerification } from '#accounts';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { paths } from '#platform/http/paths';
import { findRoleType, getBroker, insertRole, MANAGER, managersOf } from '#profiles';

const LINK_LIFETIME_S = 86_400;

/**
 * Makes the first manager of a site that nobody manages, as a user without password, and answers the link by which whoever runs the
 * server becomes that user. Null when the site has a manager with or without password already.
 */
export async function firstManagerLink(ctx: Context): Promise<string | null> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const broker = await getBroker(tx, ctx.site);
    if ((await managersOf(tx, broker.id, at)).length > 0) return null;
    const type = await findRoleType(tx, broker.id, MANAGER);
    if (!type) throw new Error('the site has no role type for managers');
    const user = await insertUser(
      tx,
      { username: `${broker.slug}-manager`, email: broker.email, full_name: 'Site manager' },
      at,
    );
    await insertRole(tx, { user_id: user.id, profile_id: broker.id, role_type_id: type.id }, at);
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
    return key === null ? null : `${ctx.origin}${paths.activate(key)}`;
  });
}
