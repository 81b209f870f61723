import assert from 'node:assert/strict';
import type { Context } from '#platform/context';
import type { Attempt } from '../records/index.ts';
import { type ProcessorAnswer, processorNamed, withProcessorTimeout } from '../processors/index.ts';

type ProcessorContext = Pick<Context, 'db' | 'clock' | 'log'>;

/**
 * Asks the processor for the money of a committed attempt. Never inside a transaction.
 *
 * When it cannot say what came of it the attempt stays reserved: `findOutcome` asks again later, under the same key.
 * @throws processor_unreachable (503)
 */
export async function callProcessor(ctx: ProcessorContext, attempt: Attempt): Promise<ProcessorAnswer> {
  const { key, amount, unit, description, source } = attempt;
  assert(source, 'only the request that reserved an attempt can charge it');
  const processor = processorNamed(ctx, attempt.processor);
  return withProcessorTimeout(ctx, processor.charge({ key, amount, unit, description, source }));
}

/**
 * Asks the processor what came of an attempt whose answer was lost; null when it never heard of it, so nothing was taken.
 * @throws processor_unreachable (503)
 */
export async function findOutcome(ctx: ProcessorContext, attempt: Attempt): Promise<ProcessorAnswer | null> {
  return withProcessorTimeout(ctx, processorNamed(ctx, attempt.processor).findByKey(attempt.key));
}
