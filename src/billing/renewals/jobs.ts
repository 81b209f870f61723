import { defineJob } from '#platform/jobs/jobs';
import type { RenewalNeeds } from './renewal-config.ts';
import { sendEndNotices } from './send-notices.ts';
import { runRenewals } from './run-renewals.ts';

/**
 * Makes the job that renews subscriptions and charges what is due, each hour. Missed hours run at their instants, so
 * that a site that was down, and a clock that is moved, write the same rows as one that was up.
 */
export const renewSubscriptionsJob = ({ processors, renewals }: RenewalNeeds) =>
  defineJob({
    name: 'renew_subscriptions',
    schedule: '0 * * * *',
    catch_up: 'each',
    timeout_s: 3500,
    run: async (ctx, _payload, at) => {
      await runRenewals({ ...ctx, processors, dunning: renewals }, renewals, at);
    },
  });

/** Makes the job that sends the notices about subscriptions that end, once a day. */
export const endNoticesJob = ({ renewals }: RenewalNeeds) =>
  defineJob({
    name: 'send_end_notices',
    schedule: '0 9 * * *',
    catch_up: 'each',
    run: async (ctx, _payload, at) => {
      await sendEndNotices(ctx, renewals.expire_notice_days, at);
    },
  });
