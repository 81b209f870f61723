import { deleteInBatches } from '#platform/db/delete-in-batches';
import { defineJob } from '#platform/jobs/jobs';
import { UPLOAD_KEPT_MS } from './confirm-people.ts';
import { deleteOldUploads } from './seat-upload-store.ts';

/** Deletes uploaded lists that were not confirmed within a day. */
export const forgetSeatUploadsJob = defineJob({
  name: 'forget_seat_uploads',
  schedule: '25 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - UPLOAD_KEPT_MS);
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteOldUploads(tx, before, rows_max));
  },
});
