import { inTransaction } from '#platform/db/database';
import { KeyReusedError, type PaymentContext } from './processors/index.ts';
import { type KeyedCall, parkCall } from './parked-call-store.ts';

/**
 * Lists a call that failed because its key was used for another request, and logs it. Returns false for any other
 * error. Its own failure is logged: the outcome of the call is looked up in any case.
 */
export async function parkReused(
  ctx: Pick<PaymentContext, 'db' | 'clock' | 'log'>,
  { processor, account, key }: KeyedCall,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof Error) || !(error.cause instanceof KeyReusedError)) return false;
  ctx.log.error({ err: error, key, processor }, 'key of a call used for another request');
  await inTransaction(ctx.db, (tx) => parkCall(tx, { processor, account, key }, ctx.clock.now())).catch(
    (again: unknown) => ctx.log.error({ err: again, key }, 'call not listed'),
  );
  return true;
}
