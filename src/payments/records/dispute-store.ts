import { type Selectable, sql } from 'kysely';
import type { ChargeId, DisputesTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { DisputeReport } from '../processors/index.ts';
import type { Charge } from './charge.ts';

/** A dispute or an inquiry as the processor showed it last. */
export type Dispute = Selectable<DisputesTable>;

/** Place of a state in the life of a dispute; only an appeal wins what was lost. A report of an earlier one is late. */
const rankOf = (state: string) =>
  sql<number>`array_position(array['inquiry', 'open', 'closed', 'lost', 'won'], ${sql.ref(state)})`;

const isEnded = ({ state }: DisputeReport) => state !== 'inquiry' && state !== 'open';

/**
 * Stores what the processor says of the disputes of a charge. A late report changes nothing. Returns the reports of
 * disputes that were not stored before.
 */
export async function saveDisputes(
  tx: Tx,
  { id: charge_id, unit }: Pick<Charge, 'id' | 'unit'>,
  reports: readonly DisputeReport[],
  at: Date,
): Promise<DisputeReport[]> {
  const added: DisputeReport[] = [];
  for (const report of reports) {
    const { key: processor_key, amount, state, reason, is_answered, due_at, opened_at } = report;
    if (amount <= 0) continue;
    const closed_at = isEnded(report) ? at : null;
    const facts = { amount, state, reason, is_answered, due_at, closed_at };
    const row = await tx
      .insertInto('disputes')
      .values({ charge_id, processor_key, unit, opened_at: opened_at ?? at, ...facts })
      .onConflict((conflict) =>
        conflict
          .column('processor_key')
          .doUpdateSet({
            ...facts,
            is_answered: sql<boolean>`excluded.is_answered or (disputes.is_answered and disputes.state = excluded.state)`,
            closed_at: sql<Date | null>`case when disputes.state = excluded.state then disputes.closed_at else excluded.closed_at end`,
          })
          .where(({ eb }) => eb(rankOf('excluded.state'), '>=', rankOf('disputes.state'))),
      )
      // No transaction has deleted or locked a row that was inserted now.
      .returning(sql<boolean>`xmax = 0`.as('is_new'))
      .executeTakeFirst();
    if (row?.is_new === true) added.push(report);
  }
  return added;
}

/** Finds the disputes of a charge, oldest first. */
export async function findDisputes(reader: Reader, charge_id: ChargeId): Promise<Dispute[]> {
  return reader
    .selectFrom('disputes')
    .selectAll()
    .where('charge_id', '=', charge_id)
    .orderBy('opened_at')
    .orderBy('id')
    .execute();
}
