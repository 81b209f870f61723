import { deleteInBatches } from '../../db/delete-in-batches.ts';
import { defineJob } from '../../jobs/jobs.ts';
import { deleteExpiredUndo } from './undo-store.ts';

/** Deletes what can no longer be undone. */
export const forgetUndoJob = defineJob({
  name: 'forget_undo',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteExpiredUndo(tx, at, rows_max));
  },
});
