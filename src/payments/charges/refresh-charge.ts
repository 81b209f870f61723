import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { processorNamed, withProcessorTimeout } from '../processors/index.ts';
import type { Charge } from '../records/index.ts';
import { settleCharge } from './settle-charge.ts';

/**
 * Asks the processor what has become of a charge and settles accordingly.
 * @throws processor_unreachable (503)
 */
export async function refreshCharge(ctx: Context, charge: Charge): Promise<Charge> {
  const evidence = await withProcessorTimeout(
    ctx,
    processorNamed(ctx, charge.processor).retrieve(charge.processor_key),
  );
  if (evidence === null) {
    ctx.log.error({ processor_key: charge.processor_key }, 'the payment processor does not know a charge of ours');
    return charge;
  }
  return inTransaction(ctx.db, (tx) => settleCharge(tx, charge.id, evidence, ctx.clock.now()));
}
