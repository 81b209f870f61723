import { forgetCardJob } from './cards/index.ts';
import { settlePendingCharges } from './charges/index.ts';
import type { Processors } from './processors/index.ts';
import { finishPendingRefunds } from './refunds/index.ts';

export const paymentsJobs = (processors: Processors) => [
  settlePendingCharges(processors),
  finishPendingRefunds(processors),
  forgetCardJob(processors),
];
