import type { Context } from '#platform/context';
import type { Processor } from './processor.ts';
import { makeTestProcessor, TEST_PROCESSOR } from './test-processor.ts';

/** The processor that new charges go to. */
export const CHOSEN_PROCESSOR = TEST_PROCESSOR;

/** Finds the processor with that name; whoever asks must be outside any transaction. */
export function processorNamed(ctx: Pick<Context, 'db' | 'clock'>, name: string): Processor {
  if (name === TEST_PROCESSOR) return makeTestProcessor(ctx.db, ctx.clock);
  throw new Error(`no payment processor is called ${name}`);
}
