import { defineJob } from '#platform/jobs/jobs';
import type { Processors } from '../processors/index.ts';
import { forgetEvents, handleEvents } from './handle-events.ts';
import { sweepEvents } from './sweep-events.ts';

/** Makes the job that handles the messages of payment processors. */
export const handleEventsJob = (processors: Processors) =>
  defineJob({
    name: 'handle_processor_events',
    schedule: '*/5 * * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => handleEvents({ ...ctx, processors }),
  });

/** Makes the job that lists the messages that no request brought. */
export const sweepEventsJob = (processors: Processors) =>
  defineJob({
    name: 'sweep_processor_events',
    schedule: '*/10 * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => sweepEvents({ ...ctx, processors }),
  });

/** Makes the job that deletes messages that were handled long ago. */
export const forgetEventsJob = (processors: Processors) =>
  defineJob({
    name: 'forget_processor_events',
    schedule: '20 4 * * *',
    catch_up: 'last',
    run: (ctx) => forgetEvents({ ...ctx, processors }),
  });
