import { deleteInBatches } from '../db/delete-in-batches.ts';
import { defineJob } from '../jobs/jobs.ts';
import { deleteOldChanges } from './changes-store.ts';

/** Deletes changes after an hour, by the clock of the database. See `Follower` for the limit of a gap. */
export const forgetChangesJob = defineJob({
  name: 'forget_changes',
  schedule: '*/10 * * * *',
  catch_up: 'last',
  run: async (ctx) => {
    await deleteInBatches(ctx.db, deleteOldChanges);
  },
});
