import type { Reader, Tx } from '#platform/db/database';

export async function findCursor(reader: Reader, processor: string, account: string): Promise<Date | undefined> {
  const row = await reader
    .selectFrom('processor_cursors')
    .select('swept_to')
    .where('processor', '=', processor)
    .where('account', '=', account)
    .executeTakeFirst();
  return row?.swept_to;
}

/** Moves a cursor forward; an older instant has no effect. */
export async function moveCursor(tx: Tx, processor: string, account: string, swept_to: Date): Promise<void> {
  await tx
    .insertInto('processor_cursors')
    .values({ processor, account, swept_to })
    .onConflict((conflict) =>
      conflict
        .columns(['processor', 'account'])
        .doUpdateSet({ swept_to })
        .where('processor_cursors.swept_to', '<', swept_to),
    )
    .execute();
}
