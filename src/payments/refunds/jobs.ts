import type { RefundId } from '#platform/db/db-schema';
import { defineJob } from '#platform/jobs/jobs';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import type { Processors } from '../processors/index.ts';
import { finishRefunds } from './finish-refunds.ts';
import { returnFees } from './return-fee.ts';

/**
 * Makes the job that finishes refunds: pending ones, those whose outcome a crash or a lost response left unknown, and
 * those whose share of the broker did not go back yet.
 */
export const finishRefundsJob = (processors: Processors) => {
  const place: WalkPlace<RefundId> = { after: null };
  const fees: WalkPlace<RefundId> = { after: null };
  return defineJob({
    name: 'finish_pending_refunds',
    schedule: '*/5 * * * *',
    catch_up: 'last',
    moved: 'daily',
    async run(ctx) {
      await finishRefunds({ ...ctx, processors }, place);
      await returnFees({ ...ctx, processors }, fees);
    },
  });
};
