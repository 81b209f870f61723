import { forgetCard } from './cards/index.ts';
import { settlePendingCharges } from './charges/index.ts';
import { finishPendingRefunds } from './refunds/index.ts';

export const paymentsJobs = [settlePendingCharges, finishPendingRefunds, forgetCard];
