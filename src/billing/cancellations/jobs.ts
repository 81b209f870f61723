import type { Processors } from '#payments';
import type { CancellationId } from '#platform/db/db-schema';
import { defineJob } from '#platform/jobs/jobs';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import { finishCancellations } from './finish-cancellation.ts';

/** Makes the job that finishes cancellations whose refunds a crash or the processor left open. */
export const finishCancellationsJob = (processors: Processors) => {
  const place: WalkPlace<CancellationId> = { after: null };
  return defineJob({
    name: 'finish_cancellations',
    schedule: '* * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => finishCancellations({ ...ctx, processors }, place),
  });
};
