import { defineJob } from '#platform/jobs/jobs';
import type { Processors } from '../processors/index.ts';
import { forgetEvents, handleEvents } from './handle-events.ts';

/** Makes the job that handles the messages of payment processors. */
export const handleEventsJob = (processors: Processors) =>
  defineJob({
    name: 'handle_processor_events',
    schedule: '*/5 * * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => handleEvents({ ...ctx, processors }),
  });

/** Makes the job that deletes messages that were handled long ago. */
export const forgetEventsJob = (processors: Processors) =>
  defineJob({
    name: 'forget_processor_events',
    schedule: '20 4 * * *',
    catch_up: 'last',
    run: (ctx) => forgetEvents({ ...ctx, processors }),
  });
