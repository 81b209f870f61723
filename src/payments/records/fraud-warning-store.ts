import type { Selectable } from 'kysely';
import type { Reader, Tx } from '#platform/db/database';
import type { ChargeId, FraudWarningsTable } from '#platform/db/db-schema';
import type { FraudWarningReport } from '../processors/index.ts';

/** A warning of a bank as the processor showed it last. */
export type FraudWarning = Selectable<FraudWarningsTable>;

/**
 * Stores what the processor says of the warnings of a charge. Returns the reports that were not stored before: each is
 * returned to one caller only. A warning that can no longer be acted on stays so.
 */
export async function saveFraudWarnings(
  tx: Tx,
  charge_id: ChargeId,
  reports: readonly FraudWarningReport[],
): Promise<FraudWarningReport[]> {
  const added: FraudWarningReport[] = [];
  for (const report of reports) {
    const { key: processor_key, fraud_type, is_actionable, warned_at } = report;
    const row = await tx
      .insertInto('fraud_warnings')
      .values({ charge_id, processor_key, fraud_type, is_actionable, warned_at })
      .onConflict((conflict) => conflict.columns(['charge_id', 'processor_key']).doNothing())
      .returning('charge_id')
      .executeTakeFirst();
    if (row) added.push(report);
    else if (!is_actionable)
      await tx
        .updateTable('fraud_warnings')
        .set({ is_actionable })
        .where('charge_id', '=', charge_id)
        .where('processor_key', '=', processor_key)
        .execute();
  }
  return added;
}

/** Finds the warnings of a charge, oldest first. Index: primary key. */
export async function findFraudWarnings(reader: Reader, charge_id: ChargeId): Promise<FraudWarning[]> {
  return reader
    .selectFrom('fraud_warnings')
    .selectAll()
    .where('charge_id', '=', charge_id)
    .orderBy('warned_at')
    .orderBy('processor_key')
    .execute();
}
