import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { typeAheadLimit } from '../rate-limits.ts';
import { isSeller } from '../records/index.ts';
import type { ProfileSummaryBody } from '../schemas.ts';
import { suggestProfiles } from './type-ahead-store.ts';

/**
 * Finds up to five profiles for the text of a typeahead on a page, as the API does and within the same limit.
 * @throws too_many_requests (429)
 */
export async function findProfileCandidates(ctx: Context, text: string): Promise<ProfileSummaryBody[]> {
  const user_id = actorId(ctx);
  if (user_id === null || text === '') return [];
  await ctx.throttle.take(typeAheadLimit, String(user_id));
  const by = { is_seller: await isSeller(ctx.db, user_id, ctx.site.broker_id) };
  const list = { page: 1, page_size: 5, terms: [text], fields: [], order: [], start_at: null, ends_at: null };
  return (await suggestProfiles(ctx.db, list, by)).results;
}
