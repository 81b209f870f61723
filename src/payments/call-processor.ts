import assert from 'node:assert/strict';
import type { Context } from '#platform/context';
import type { Attempt } from './attempt.ts';
import { paymentsProblems } from './problems.ts';
import { processorNamed } from './processors/choose-processor.ts';
import { PROCESSOR_TIMEOUT_MS, type ProcessorAnswer } from './processors/processor.ts';

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
  return reach(ctx, processor.charge({ key, amount, unit, description, source }));
}

/**
 * Asks the processor what came of an attempt whose answer was lost; null when it never heard of it, so nothing was taken.
 * @throws processor_unreachable (503)
 */
export async function findOutcome(ctx: ProcessorContext, attempt: Attempt): Promise<ProcessorAnswer | null> {
  return reach(ctx, processorNamed(ctx, attempt.processor).findByKey(attempt.key));
}

/**
 * Waits for a processor's answer, but not for ever: no answer and a late one are the same to the caller.
 * @throws processor_unreachable (503)
 */
export async function reach<T>(ctx: Pick<Context, 'log'>, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer from the payment processor in ${PROCESSOR_TIMEOUT_MS} ms`)),
      PROCESSOR_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    ctx.log.warn({ err: error }, 'the payment processor gave no answer');
    throw paymentsProblems.processor_unreachable({ cause: error, retry_after_s: 30 });
  } finally {
    clearTimeout(timer);
  }
}
