import { deleteInBatches } from '#platform/db/delete-in-batches';
import { defineJob } from '#platform/jobs/jobs';
import { deleteApiKeysBefore, deleteTotpCallersBefore } from './credentials/index.ts';
import { deleteSessionsBefore } from './sessions/index.ts';
import { deleteVerificationsBefore } from './verifications/index.ts';

const retention_days = 30;
/** A right code makes a network known for so long. */
const unseen_days = 90;

/** Deletes sessions, API keys and verifications that ended more than 30 days ago. */
const forgetSessions = defineJob({
  name: 'forget_sessions',
  schedule: '41 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - retention_days * 86_400_000);
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteSessionsBefore(tx, before, rows_max));
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteApiKeysBefore(tx, before, rows_max));
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteVerificationsBefore(tx, before, rows_max));
    const unseen = new Date(at.getTime() - unseen_days * 86_400_000);
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteTotpCallersBefore(tx, unseen, rows_max));
  },
});

export const accountsJobs = [forgetSessions];
