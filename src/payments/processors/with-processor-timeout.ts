import type { Context } from '#platform/context';
import { paymentsProblems } from '../problems.ts';
import { ProcessorSetupError } from './setup.ts';

/** The longest that a call may take; after it the outcome counts as unknown. */
export const PROCESSOR_TIMEOUT_MS = 20_000;

/**
 * Rejects with processor_unreachable after PROCESSOR_TIMEOUT_MS, and when the call itself rejects. The outcome is
 * then unknown. A refused key is processor_setup: the processor carried out nothing.
 * @throws processor_unreachable, processor_setup (503)
 */
export async function withProcessorTimeout<T>(ctx: Pick<Context, 'log'>, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no response from the payment processor within ${PROCESSOR_TIMEOUT_MS} ms`)),
      PROCESSOR_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([call, timeout]);
  } catch (error) {
    if (error instanceof ProcessorSetupError)
      throw paymentsProblems.processor_setup({ cause: error, retry_after_s: 60 });
    ctx.log.warn({ err: error }, 'payment processor unreachable');
    throw paymentsProblems.processor_unreachable({ cause: error, retry_after_s: 30 });
  } finally {
    clearTimeout(timer);
  }
}
