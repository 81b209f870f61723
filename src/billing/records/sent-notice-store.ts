import type { Tx } from '#platform/db/database';

/** One occurrence of a notice: kind, id of the row that it is about, and what makes it different from earlier ones. */
export interface NoticeOccurrence {
  kind: string;
  subject_id: number;
  occurrence: string;
}

/** Records that a notice is sent; false if it was sent before. Of two transactions the second waits for the first. */
export async function recordNotice(tx: Tx, notice: NoticeOccurrence, at: Date): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('sent_notices')
    .values({ ...notice, sent_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
