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
