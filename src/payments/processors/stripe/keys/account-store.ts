import type { Reader, Tx } from '#platform/db/database';
import { STRIPE } from '../stripe-needs.ts';

/** Time between two notices about a key that Stripe refuses. */
const NOTICE_MS = 3_600_000;

/** Finds the account of the key that was last accepted; null if it is not known. */
export async function findKnownAccount(reader: Reader): Promise<string | null> {
  const row = await reader
    .selectFrom('processor_accounts')
    .select('account_key')
    .where('processor', '=', STRIPE)
    .executeTakeFirst();
  return row?.account_key ?? null;
}

/** Stores the account of the key; null: it is not known. */
export async function storeAccount(tx: Tx, account_key: string | null, at: Date): Promise<void> {
  const row = { account_key, seen_at: at };
  await tx
    .insertInto('processor_accounts')
    .values({ processor: STRIPE, ...row })
    .onConflict((conflict) => conflict.column('processor').doUpdateSet(row))
    .execute();
}

/** True if a notice about the refused key is due: once an hour, for all nodes together. */
export async function claimRefusalNotice(tx: Tx, at: Date): Promise<boolean> {
  const due = new Date(at.getTime() - NOTICE_MS);
  const row = await tx
    .insertInto('processor_accounts')
    .values({ processor: STRIPE, refusal_notified_at: at })
    .onConflict((conflict) =>
      conflict
        .column('processor')
        .doUpdateSet({ refusal_notified_at: at })
        .where((eb) =>
          eb.or([
            eb('processor_accounts.refusal_notified_at', 'is', null),
            eb('processor_accounts.refusal_notified_at', '<=', due),
          ]),
        ),
    )
    .returning('processor')
    .executeTakeFirst();
  return row !== undefined;
}
