import type { UserSummary } from '#accounts';
import { parseListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { typeAheadLimit } from '../rate-limits.ts';
import { isSeller } from '../records/index.ts';
import { suggestUsers } from './type-ahead-store.ts';

/**
 * Finds up to five users by a part of the name, as the API of type-ahead fields does: none if more match, and the
 * search counts against the same limit.
 *
 * @throws too_many_requests (429)
 */
export async function findInvitees(ctx: Context, user_id: UserId, text: string): Promise<UserSummary[]> {
  await ctx.throttle.take(typeAheadLimit, String(user_id));
  const is_seller = await isSeller(ctx.db, user_id, ctx.site.broker_id);
  const list = parseListQuery({ q: text }, () => null);
  return (await suggestUsers(ctx.db, list, { is_seller })).results;
}
