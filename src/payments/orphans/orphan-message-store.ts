import { sql } from 'kysely';
import type { Tx } from '#platform/db/database';
import { type Orphan, orphanKey } from '../records/index.ts';

/**
 * Lists an orphan among the parked messages, with a reason. One that a manager ignored stays ignored, unless `reopens`;
 * the refund goes on. The instant at which it was parked stays.
 */
export async function parkOrphan(
  tx: Tx,
  orphan: Orphan,
  { reason, at, reopens }: { reason: string; at: Date; reopens: boolean },
): Promise<void> {
  const { processor, account, charge_key: object_key } = orphan;
  await tx
    .insertInto('processor_events')
    .values({
      event_key: orphanKey(orphan),
      processor,
      account,
      kind: 'orphan',
      object_key,
      received_at: at,
      next_at: at,
      state: 'parked',
      reason: reason.slice(0, 2000),
      done_at: at,
    })
    .onConflict((conflict) =>
      conflict
        .column('event_key')
        .doUpdateSet({
          state: 'parked',
          reason: (eb) => eb.ref('excluded.reason'),
          ignored_by: null,
          done_at: sql<Date>`case when processor_events.state = 'parked' then processor_events.done_at else excluded.done_at end`,
        })
        .where((eb) => eb.or([eb('processor_events.state', '<>', 'ignored'), eb.val(reopens)])),
    )
    .execute();
}

/** Closes the message of an orphan whose payer has the money back. */
export async function closeOrphanMessage(tx: Tx, orphan: Orphan, at: Date): Promise<void> {
  await tx
    .updateTable('processor_events')
    .set({ state: 'done', reason: null, done_at: at })
    .where('event_key', '=', orphanKey(orphan))
    .where('state', 'in', ['new', 'parked'])
    .execute();
}
