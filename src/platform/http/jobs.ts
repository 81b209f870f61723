import { forgetEventsJob } from '../forget-events.ts';
import { defineJob } from '../jobs.ts';
import { deleteExpiredKeys } from './idempotency-store.ts';

/** Forgets the answers that nobody may ask for again. */
const forgetAnswers = defineJob({
  name: 'forget_answers',
  schedule: '17 3 * * *',
  catch_up: 'last',
  run: async (ctx) => {
    await deleteExpiredKeys(ctx.db, ctx.clock.now());
  },
});

export const platformJobs = [forgetAnswers, forgetEventsJob];
