import { defineJob } from '../jobs/jobs.ts';
import { findCountErrors, foldListCounts } from './row-count-store.ts';

/** Adds what was written since the last run to the counts of lists, so that readers add few rows. */
export const foldListCountsJob = defineJob({
  name: 'fold_list_counts',
  schedule: '* * * * *',
  catch_up: 'last',
  run: async (ctx) => foldListCounts(ctx.db),
});

/** Compares the counts of lists with the rows once a day. */
export const verifyListCountsJob = defineJob({
  name: 'verify_list_counts',
  schedule: '23 4 * * *',
  catch_up: 'last',
  run: async (ctx) => {
    for (const { name, expected, found } of await findCountErrors(ctx.db))
      ctx.log.error(
        { list: name, expected, found },
        'count of a list is wrong: select rebuild_list_counts() repairs it',
      );
  },
});
