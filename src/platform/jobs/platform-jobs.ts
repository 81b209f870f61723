import { forgetEventsJob } from './forget-events.ts';
import { defineJob } from './jobs.ts';
import { deleteInBatches } from '../db/delete-in-batches.ts';
import { forgetChangesJob } from '../facts/forget-changes.ts';
import { foldListCountsJob, verifyListCountsJob } from '../lists/jobs.ts';
import { forgetCountsJob } from '../security/forget-counts.ts';
import { forgetKeptPostsJob } from '../pages/forms/forget-kept-posts.ts';
import { forgetUndoJob } from '../pages/undo/forget-undo.ts';
import { deleteExpiredKeys } from '../http/guards/idempotency-store.ts';

/** Deletes stored responses whose idempotency keys have expired. */
const forgetResponses = defineJob({
  name: 'forget_answers',
  schedule: '17 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteExpiredKeys(tx, at, rows_max));
  },
});

export const platformJobs = [
  forgetResponses,
  forgetEventsJob,
  forgetCountsJob,
  forgetChangesJob,
  foldListCountsJob,
  verifyListCountsJob,
  forgetKeptPostsJob,
  forgetUndoJob,
];
