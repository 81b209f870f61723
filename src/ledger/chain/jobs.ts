import { defineJob } from '#platform/jobs/jobs';
import { sealLedger } from './seal-ledger.ts';

/** Seals the hashes of new events. With the poll of the worker, an event is sealed within 5 s. */
export const sealLedgerJob = defineJob({
  name: 'seal_ledger',
  schedule: '*/2 * * * * *',
  catch_up: 'last',
  run: async (ctx) => {
    await sealLedger(ctx.db);
  },
});
