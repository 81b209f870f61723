import type { Context } from '#platform/context';
import type { SubscriptionId } from '#platform/db/db-schema';
import { Problem } from '#kernel/problem';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import type { Processors } from '#payments';
import { returnRequest } from './end-request.ts';
import { findUnreturnedRequests } from './request-store.ts';

/**
 * Gives back the money of all requests that ended without a decision. Returns how many. A request whose payment is
 * open, or whose provider has no funds, stays for the next run. Safe twice and concurrently.
 */
export async function returnRequests(
  ctx: Context,
  processors: Processors,
  place: WalkPlace<SubscriptionId> = { after: null },
): Promise<number> {
  const until = ctx.clock.now();
  let returned_count = 0;
  await walkRows(
    {
      findBatch: (after, limit) => findUnreturnedRequests(ctx.db, until, { after, limit }),
      async work(ended) {
        if (await returnRequest(ctx, processors, ended)) returned_count += 1;
      },
      onError({ id }, error) {
        const facts = { err: error, subscription_id: id };
        if (error instanceof Problem) ctx.log.warn(facts, 'money of an ended request not given back yet');
        else ctx.log.error(facts, 'money of an ended request not given back');
      },
    },
    place,
  );
  return returned_count;
}
