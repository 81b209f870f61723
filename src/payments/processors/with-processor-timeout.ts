import type { Context } from '#platform/context';
import { paymentsProblems } from '../problems.ts';
import { PROCESSOR_TIMEOUT_MS } from './processor.ts';

/**
 * Rejects with processor_unreachable after PROCESSOR_TIMEOUT_MS, and when the call itself rejects. The outcome is
 * then unknown.
 * @throws processor_unreachable (503)
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
    ctx.log.warn({ err: error }, 'payment processor unreachable');
    throw paymentsProblems.processor_unreachable({ cause: error, retry_after_s: 30 });
  } finally {
    clearTimeout(timer);
  }
}
