import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { fraudWarned } from '../events.ts';
import { type FraudWarningReport, type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { type Charge, findChargeItems, saveFraudWarnings } from '../records/index.ts';

/**
 * Asks the processor for the warnings of fraud about a charge and stores them. Emits fraud_warned once for each
 * provider of each new one, as long as a refund can avoid the dispute.
 * @throws processor_unreachable, processor_setup (503)
 */
export async function refreshFraudWarnings(ctx: PaymentContext, charge: Charge): Promise<void> {
  const { processor_key, account } = charge;
  const processor = ctx.processors.getByName(charge.processor);
  const reports = await withProcessorTimeout(ctx, processor.findFraudWarnings({ processor_key, account }));
  await inTransaction(ctx.db, async (tx) => {
    const added = await saveFraudWarnings(tx, charge.id, reports);
    await emitWarnings(
      tx,
      charge,
      added.filter(({ is_actionable }) => is_actionable),
      ctx.clock.now(),
    );
  });
}

async function emitWarnings(
  tx: Tx,
  { id, account, processor_key, profile_id, amount, unit, created_at }: Charge,
  warnings: readonly FraudWarningReport[],
  at: Date,
): Promise<void> {
  if (warnings.length === 0) return;
  const items = await findChargeItems(tx, id);
  const providers = [...new Set(items.map(({ provider_id }) => provider_id))];
  for (const { key, fraud_type } of warnings) {
    for (const provider_id of providers) {
      const event = fraudWarned({
        charge_id: id,
        charge_key: processor_key,
        charged_at: created_at.toISOString(),
        warning_key: key,
        fraud_type,
        profile_id,
        provider_id,
        // A provider does not see what others sold.
        amount: providers.length === 1 ? amount : null,
        unit,
        is_owner: account !== '',
      });
      await emit(tx, event, at);
    }
  }
}
