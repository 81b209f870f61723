import { findUserById } from '#accounts';
import { countReminders, reminderSpan } from '#kernel/reminder';
import type { Context } from '#platform/context';
import type { RoleId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { walkRows } from '#platform/jobs/walk-rows';
import { UNREADABLE_KEY } from '#platform/security/link-keys';
import {
  findRoleTypesByIds,
  findWaitingRoles,
  lockProfile,
  lockRole,
  recordRoleReminders,
  type Role,
  roleState,
} from '../records/index.ts';
import { notifyGrantedUser } from './grant-role.ts';
import { notifyManagers } from './request-role.ts';

/**
 * Sends invitations to roles, and requests for roles, again that wait since so many days: each once per day of `days`,
 * in a transaction of its own. The key and its end stay. Safe to run twice and on two nodes.
 */
export async function remindOfRoles(ctx: Context, days: readonly number[], at: Date): Promise<void> {
  const span = reminderSpan(days, at);
  if (!span) return;
  await walkRows<RoleId, Pick<Role, 'id' | 'profile_id' | 'user_id'>>({
    findBatch: (after, limit) => findWaitingRoles(ctx.db, span, { count: days.length, at, after, limit }),
    work: (role) => remindOfRole(ctx, role, days, at),
    onError: ({ id }, error) => ctx.log.error({ err: error, role_id: id }, 'role not sent again'),
  });
}

async function remindOfRole(
  ctx: Context,
  { id, profile_id, user_id }: Pick<Role, 'id' | 'profile_id' | 'user_id'>,
  days: readonly number[],
  at: Date,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const { is_active } = await lockProfile(tx, profile_id);
    const role = await lockRole(tx, profile_id, user_id);
    const user = await findUserById(tx, user_id);
    if (role?.id !== id || !is_active || !user?.is_active) return;
    const state = roleState(role, at);
    // A key of another master key cannot be sent.
    if ((state !== 'invited' && state !== 'requested') || (role.grant_key ?? role.request_key) === UNREADABLE_KEY)
      return;
    const count = countReminders(role.created_at, days, at);
    if (count === 0 || !(await recordRoleReminders(tx, id, count))) return;
    const types = role.role_type_id === null ? null : await findRoleTypesByIds(tx, [role.role_type_id]);
    const type = (role.role_type_id !== null && types?.get(role.role_type_id)) || null;
    if (state === 'requested') await notifyManagers(ctx, tx, role, type, null);
    else await notifyGrantedUser(ctx, tx, { role, user, role_type: type?.slug ?? null, message: null });
  });
}
