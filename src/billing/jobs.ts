import { defineJob } from '#platform/jobs';
import type { OrderId } from '#platform/db-schema';
import { finishOrder, finishOrders } from './finish-orders.ts';

/** Looks after one order a minute after it was reserved; enqueued with the reservation itself. */
export const finishOrderJob = defineJob<{ order_id: OrderId }>({
  name: 'finish_order',
  catch_up: 'last',
  run: async (ctx, { order_id }) => {
    await finishOrder(ctx, order_id);
  },
});

/** Sweeps up every order that was left open, whatever became of its own job. */
export const finishOrdersJob = defineJob({
  name: 'finish_orders',
  schedule: '*/5 * * * *',
  catch_up: 'last',
  run: async (ctx) => {
    await finishOrders(ctx);
  },
});

export const billingJobs = [finishOrderJob, finishOrdersJob];
