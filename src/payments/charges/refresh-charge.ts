import { inTransaction } from '#platform/db/database';
import { type Evidence, type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import type { Charge } from '../records/index.ts';
import { settleCharge } from './settle-charge.ts';

/**
 * Retrieves the state of a charge from its processor and settles the charge accordingly.
 * @throws processor_unreachable (503)
 */
export async function refreshCharge(ctx: PaymentContext, charge: Charge): Promise<Charge> {
  const evidence = await retrieveEvidence(ctx, charge);
  if (evidence === null) return charge;
  return inTransaction(ctx.db, (tx) => settleCharge(tx, charge.id, evidence, ctx.clock.now()));
}

/**
 * Retrieves the state of a charge from its processor; null, with a log line, if the processor does not have the charge.
 * @throws processor_unreachable (503)
 */
export async function retrieveEvidence(ctx: PaymentContext, charge: Charge): Promise<Evidence | null> {
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  const evidence = await withProcessorTimeout(ctx, processor.retrieve({ processor_key, account }));
  if (evidence === null) ctx.log.error({ processor_key }, 'charge unknown to its payment processor');
  return evidence;
}
