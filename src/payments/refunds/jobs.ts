import { defineJob } from '#platform/jobs/jobs';
import type { Processors } from '../processors/index.ts';
import { finishRefunds } from './finish-refunds.ts';

/**
 * Makes the job that finishes refunds: pending ones, and those whose outcome a crash or a lost response left unknown.
 */
export const finishRefundsJob = (processors: Processors) =>
  defineJob({
    name: 'finish_pending_refunds',
    schedule: '*/5 * * * *',
    catch_up: 'last',
    run: (ctx) => finishRefunds({ ...ctx, processors }),
  });
