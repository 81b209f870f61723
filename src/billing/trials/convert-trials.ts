import type { SubscriptionId } from '#platform/db/db-schema';
import { walkRows } from '#platform/jobs/walk-rows';
import { findTrials } from '#subscriptions';
import type { DunningContext } from '../dunning/index.ts';
import { type ConversionRun, convertTrial } from './convert-trial.ts';

/** Ends before it belong to no trial. */
const FIRST = new Date(0);

/**
 * Converts every trial that ended, each in a transaction of its own and at its own instant. A second run, and a run on
 * another node, find nothing to do.
 */
export async function convertTrials(ctx: DunningContext, run: ConversionRun): Promise<void> {
  await walkRows({
    findBatch: (after: SubscriptionId | null, limit) =>
      findTrials(ctx.db, { since: FIRST, until: run.now }, { after, limit }),
    work: ({ id }) => convertTrial(ctx, id, run),
    onError: ({ id }, error) => ctx.log.error({ err: error, subscription_id: id }, 'trial not converted'),
  });
}
