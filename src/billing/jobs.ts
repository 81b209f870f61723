import type { Processors } from '#payments';
import { defineJob } from '#platform/jobs/jobs';
import { finishOrders } from './orders/index.ts';
import { forgetVisitorCartsJob } from './cart/index.ts';

/** Finishes orders that a crash or a lost response left open. A checkout enqueues no job. */
const finishOrdersJob = (processors: Processors) =>
  defineJob({
    name: 'finish_orders',
    schedule: '* * * * *',
    catch_up: 'last',
    run: async (ctx) => {
      await finishOrders({ ...ctx, processors });
    },
  });

export const billingJobs = (processors: Processors) => [finishOrdersJob(processors), forgetVisitorCartsJob];
