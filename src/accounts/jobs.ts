import { inTransaction } from '#platform/db';
import { defineJob } from '#platform/jobs';
import { deleteSessionsBefore } from './sessions/session-store.ts';
import { deleteVerificationsBefore } from './verifications/verification-store.ts';

const kept_days = 30;

/** Forgets sessions and links that have been over for a month. */
const forgetSessions = defineJob({
  name: 'forget_sessions',
  schedule: '41 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - kept_days * 86_400_000);
    await inTransaction(ctx.db, async (tx) => {
      await deleteSessionsBefore(tx, before);
      await deleteVerificationsBefore(tx, before);
    });
  },
});

export const accountsJobs = [forgetSessions];
