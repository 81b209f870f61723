import { sql } from 'kysely';
import type { Reader, Tx } from '#platform/db/database';

export async function findCursor(reader: Reader, processor: string, account: string): Promise<Date | undefined> {
  const row = await reader
    .selectFrom('processor_cursors')
    .select('swept_at')
    .where('processor', '=', processor)
    .where('account', '=', account)
    .executeTakeFirst();
  return row?.swept_at;
}

/** Moves a cursor forward; an older instant has no effect. */
export async function moveCursor(tx: Tx, processor: string, account: string, swept_at: Date): Promise<void> {
  await tx
    .insertInto('processor_cursors')
    .values({ processor, account, swept_at })
    .onConflict((conflict) =>
      conflict
        .columns(['processor', 'account'])
        .doUpdateSet({ swept_at })
        .where('processor_cursors.swept_at', '<', swept_at),
    )
    .execute();
}

/** A time of an account whose messages are listed no more. `to` is exclusive. */
export interface MissedSpan {
  account: string;
  from: Date;
  to: Date;
}

/**
 * Moves a cursor from an instant that is too old to a later one, and notes the time between them as missed: it extends
 * a span that was noted before. False if another node moved the cursor meanwhile.
 */
export async function noteMissedSpan(
  tx: Tx,
  processor: string,
  { account, from, to }: MissedSpan,
  { swept_at, moved_to }: { swept_at: Date; moved_to: Date },
): Promise<boolean> {
  const row = await tx
    .updateTable('processor_cursors')
    .set({
      swept_at: moved_to,
      missed_from_at: sql<Date>`least(missed_from_at, ${from})`,
      missed_to_at: sql<Date>`greatest(missed_to_at, ${to})`,
    })
    .where('processor', '=', processor)
    .where('account', '=', account)
    .where('swept_at', '=', swept_at)
    .returning('account')
    .executeTakeFirst();
  return row !== undefined;
}

/** Finds the missed spans of a processor, by account. */
export async function findMissedSpans(reader: Reader, processor: string): Promise<MissedSpan[]> {
  const rows = await reader
    .selectFrom('processor_cursors')
    .select(['account', 'missed_from_at', 'missed_to_at'])
    .where('processor', '=', processor)
    .where('missed_from_at', 'is not', null)
    .orderBy('account')
    .execute();
  return rows.flatMap(({ account, missed_from_at: from, missed_to_at: to }) =>
    from === null || to === null ? [] : { account, from, to },
  );
}

/** Notes that a missed span is compared up to an instant. No effect if another node compared the same part. */
export async function closeMissedPart(
  tx: Tx,
  processor: string,
  { account, from }: MissedSpan,
  to: Date,
): Promise<void> {
  await tx
    .updateTable('processor_cursors')
    .set({
      missed_from_at: sql<Date | null>`case when missed_to_at > ${to} then ${to}::timestamptz end`,
      missed_to_at: sql<Date | null>`case when missed_to_at > ${to} then missed_to_at end`,
    })
    .where('processor', '=', processor)
    .where('account', '=', account)
    .where('missed_from_at', '=', from)
    .execute();
}
