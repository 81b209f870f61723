import { deleteInBatches } from '../../db/delete-in-batches.ts';
import { defineJob } from '../../jobs/jobs.ts';
import { deleteExpiredPosts } from './kept-post-store.ts';

/** Deletes forms that were kept for a sign-in which did not follow within 15 minutes. */
export const forgetKeptPostsJob = defineJob({
  name: 'forget_kept_posts',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteExpiredPosts(tx, at, rows_max));
  },
});
