import type { Selectable } from 'kysely';
import type { ProcessorRefusalsTable } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';

/** Time between two notices about payments that are refused for one reason. */
const NOTICE_MS = 3_600_000;

type Refusal = Pick<Selectable<ProcessorRefusalsTable>, 'processor' | 'account' | 'code'>;

/** True if a notice about a refusal is due: once an hour for each account and code, for all nodes together. */
export async function claimPaymentNotice(tx: Tx, refusal: Refusal, at: Date): Promise<boolean> {
  const due = new Date(at.getTime() - NOTICE_MS);
  const row = await tx
    .insertInto('processor_refusals')
    .values({ ...refusal, notified_at: at })
    .onConflict((conflict) =>
      conflict
        .columns(['processor', 'account', 'code'])
        .doUpdateSet({ notified_at: at })
        .where('processor_refusals.notified_at', '<=', due),
    )
    .returning('code')
    .executeTakeFirst();
  return row !== undefined;
}
