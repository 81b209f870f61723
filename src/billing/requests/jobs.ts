import type { Processors } from '#payments';
import { defineJob } from '#platform/jobs/jobs';
import type { SubscriptionId } from '#platform/db/db-schema';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import { returnRequests } from './return-requests.ts';

/** Makes the job that gives back the money of requests without a decision; one run makes up for missed ones. */
export const returnRequestsJob = (processors: Processors) => {
  const place: WalkPlace<SubscriptionId> = { after: null };
  return defineJob({
    name: 'return_requests',
    schedule: '20 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: async (ctx) => {
      await returnRequests(ctx, processors, place);
    },
  });
};
