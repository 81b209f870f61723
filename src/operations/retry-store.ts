import { sql } from 'kysely';
import { selectUsers } from '#accounts';
import type { OutboxEventId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { FailedWork } from '#platform/jobs/work-store';

/** Who retried a row last, and when. The name is null for a user who was deleted. */
export interface Retry {
  outbox_event_id: number;
  retried_by: string | null;
  retried_at: Date;
}

/** Records that a manager retries parked work. */
export async function insertRetries(
  tx: Tx,
  work: readonly FailedWork[],
  { by, at }: { by: UserId | null; at: Date },
): Promise<void> {
  if (work.length === 0) return;
  await tx
    .insertInto('outbox_retries')
    .values(
      work.map(({ id, name, attempts_count, last_error }) => {
        return { outbox_event_id: id, name, attempts_count, last_error, retried_by: by, retried_at: at };
      }),
    )
    .execute();
}

/** Returns the last retry of each of these rows. Index: outbox_retries_outbox_event_id. */
export async function findLastRetries(reader: Reader, ids: readonly OutboxEventId[]): Promise<Map<number, Retry>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('outbox_retries')
    .leftJoin(selectUsers(reader).as('actor'), 'actor.id', 'outbox_retries.retried_by')
    .distinctOn('outbox_retries.outbox_event_id')
    .select(['outbox_retries.outbox_event_id', 'outbox_retries.retried_at', 'actor.username as retried_by'])
    .where('outbox_retries.outbox_event_id', '=', sql<number>`any(${[...ids]})`)
    .orderBy('outbox_retries.outbox_event_id')
    .orderBy('outbox_retries.id', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.outbox_event_id, row]));
}
