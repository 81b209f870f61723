import { defineJob } from '#platform/jobs/jobs';
import { remindOfSubscriptions } from './invitations/index.ts';

/** Makes the jobs of the room. `reminder_days`: days after which a grant or a request that waits is sent again. */
export const subscriptionsJobs = (reminder_days: readonly number[]) => [
  defineJob({
    name: 'remind_of_subscriptions',
    schedule: '5 10 * * *',
    catch_up: 'last',
    run: async (ctx, _payload, at) => {
      await remindOfSubscriptions(ctx, reminder_days, at);
    },
  }),
];
