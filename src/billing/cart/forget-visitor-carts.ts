import { deleteInBatches } from '#platform/db/delete-in-batches';
import { defineJob } from '#platform/jobs/jobs';
import { deleteVisitorItems, deleteVisitorCoupons, deleteVisitorLines } from '../records/index.ts';

const KEPT_MS = 30 * 86_400_000;

/** Deletes cart items, remembered codes and shown lines of visitors after 30 days. */
export const forgetVisitorCartsJob = defineJob({
  name: 'forget_visitor_carts',
  schedule: '20 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - KEPT_MS);
    for (const deleteSome of [deleteVisitorItems, deleteVisitorCoupons, deleteVisitorLines]) {
      await deleteInBatches(ctx.db, (tx, rows_max) => deleteSome(tx, before, rows_max));
    }
  },
});
