import type { Context } from '#platform/context';
import type { RoleId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { extraToText } from '#platform/http/schemas';
import { type Role, updateRole } from '../records/index.ts';

/** Replaces the meta data of a role. */
export async function changeRoleExtra(ctx: Context, id: RoleId, extra: unknown): Promise<Role> {
  const text = extraToText(extra);
  return inTransaction(ctx.db, (tx) => updateRole(tx, id, { extra: text }));
}
