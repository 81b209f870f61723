import { defineJob } from '#platform/jobs/jobs';
import { findFigureErrors } from './figure-error-store.ts';

/** Compares the stored figures of reports with their rows once a day. */
export const verifyFiguresJob = defineJob({
  name: 'verify_figures',
  schedule: '53 4 * * *',
  catch_up: 'last',
  run: async (ctx) => {
    for (const { name, expected, found } of await findFigureErrors(ctx.db))
      ctx.log.error(
        { figure: name, expected, found },
        'figure of a report is wrong: tollgate ledger rebuild-balances repairs it',
      );
  },
});
