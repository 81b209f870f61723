import { defineJob, type Job } from '#platform/jobs/jobs';
import type { OrphanPaymentId } from '#platform/db/db-schema';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import { cancelPayment, type OpenPayment } from '../charges/index.ts';
import type { Processors } from '../processors/index.ts';
import { cancelPaymentOf } from './cancel-payment.ts';
import { refundOrphans } from './finish-orphan.ts';

/** Makes the job that returns payments that no order wants. */
export const refundOrphansJob = (processors: Processors) => {
  const place: WalkPlace<OrphanPaymentId> = { after: null };
  return defineJob({
    name: 'refund_orphans',
    schedule: '* * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => refundOrphans({ ...ctx, processors }, place),
  });
};

/** Makes the job that cancels the payment of a refused attempt. */
export const cancelPaymentJob = (processors: Processors): Job<OpenPayment> => ({
  ...cancelPayment,
  run: (ctx, payload) => cancelPaymentOf({ ...ctx, processors }, payload),
});
