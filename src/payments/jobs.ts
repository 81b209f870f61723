import { forgetCardJob, updateCustomersJob } from './cards/index.ts';
import { bookChargeJob, settleDisputesJob, settlePendingChargesJob } from './charges/index.ts';
import { closeAccountJob, finishPayoutsJob, reconcilePayoutsJob } from './payouts/index.ts';
import { forgetEventsJob, handleEventsJob, sweepEventsJob } from './intake/index.ts';
import { cancelPaymentJob, refundOrphansJob } from './orphans/index.ts';
import type { Processors } from './processors/index.ts';
import { compareMissedJob } from './reconciliation/index.ts';
import { finishRefundsJob } from './refunds/index.ts';

export const paymentsJobs = (processors: Processors) => [
  settlePendingChargesJob(processors),
  bookChargeJob(processors),
  settleDisputesJob(processors),
  finishRefundsJob(processors),
  finishPayoutsJob(processors),
  reconcilePayoutsJob(processors),
  closeAccountJob(processors),
  forgetCardJob(processors),
  updateCustomersJob(processors),
  handleEventsJob(processors),
  sweepEventsJob(processors),
  forgetEventsJob(processors),
  compareMissedJob(processors),
  refundOrphansJob(processors),
  cancelPaymentJob(processors),
];
