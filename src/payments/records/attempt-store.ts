import type { Insertable, Selectable } from 'kysely';
import type { ChargeAttemptId, ChargeAttemptsTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Attempt } from './attempt.ts';

type AttemptRow = Selectable<ChargeAttemptsTable>;

export async function insertAttempt(tx: Tx, attempt: Insertable<ChargeAttemptsTable>): Promise<AttemptRow> {
  return tx.insertInto('charge_attempts').values(attempt).returningAll().executeTakeFirstOrThrow();
}

/** Finds an attempt by id, without its source. */
export async function findAttempt(reader: Reader, id: ChargeAttemptId): Promise<Attempt | undefined> {
  const row = await reader.selectFrom('charge_attempts').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { ...row, source: null };
}

/** Finds the attempt with an idempotency key, without its source. */
export async function findAttemptByKey(reader: Reader, key: string): Promise<Attempt | undefined> {
  const row = await reader.selectFrom('charge_attempts').selectAll().where('key', '=', key).executeTakeFirst();
  return row && { ...row, source: null };
}

/** Closes an attempt that is in one of the states `from`; false if it is in another. */
export async function closeAttempt(
  tx: Tx,
  id: ChargeAttemptId,
  from: readonly AttemptRow['state'][],
  end: Pick<AttemptRow, 'state' | 'processor_key' | 'decline_code' | 'detail' | 'updated_at'>,
): Promise<boolean> {
  const row = await tx
    .updateTable('charge_attempts')
    .set(end)
    .where('id', '=', id)
    .where('state', 'in', from)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Moves a reserved attempt to awaiting_action; no effect in any other state. */
export async function markAwaitingAction(
  tx: Tx,
  id: ChargeAttemptId,
  wait: { intent_key: string; expires_at: Date; updated_at: Date },
): Promise<void> {
  await tx
    .updateTable('charge_attempts')
    .set({ state: 'awaiting_action', ...wait })
    .where('id', '=', id)
    .where('state', '=', 'reserved')
    .execute();
}
