import type { PayoutAccountId, PayoutId } from '#platform/db/db-schema';
import { defineJob } from '#platform/jobs/jobs';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import type { Processors } from '../processors/index.ts';
import { finishPayouts, reconcilePayouts } from './reconcile-payouts.ts';

/** Makes the job that finishes payouts: those on their way, and those whose outcome a crash or a lost response left. */
export const finishPayoutsJob = (processors: Processors) => {
  const place: WalkPlace<PayoutId> = { after: null };
  return defineJob({
    name: 'finish_payouts',
    schedule: '*/5 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => finishPayouts({ ...ctx, processors }, place),
  });
};

/** Makes the job that books the payouts that processors made. */
export const reconcilePayoutsJob = (processors: Processors) => {
  const place: WalkPlace<PayoutAccountId> = { after: null };
  return defineJob({
    name: 'reconcile_payouts',
    schedule: '20 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => reconcilePayouts({ ...ctx, processors }, place),
  });
};
