import type { Context } from '#platform/context';
import type { Processor, ProcessorTerms } from './processor.ts';
import { makeTestProcessor, TEST_PROCESSOR, testProcessorTerms } from './test/test-processor.ts';

/** The processor that new charges go to. */
export const CHOSEN_PROCESSOR = TEST_PROCESSOR;

/** Returns the terms of the processor with that name; they are constants, so no call is made. */
export function termsOf(name: string): ProcessorTerms {
  if (name === TEST_PROCESSOR) return testProcessorTerms;
  throw new Error(`no payment processor is called ${name}`);
}

/** Finds the processor with that name; whoever asks must be outside any transaction. */
export function processorNamed(ctx: Pick<Context, 'db' | 'clock'>, name: string): Processor {
  if (name === TEST_PROCESSOR) return makeTestProcessor(ctx.db, ctx.clock);
  throw new Error(`no payment processor is called ${name}`);
}
