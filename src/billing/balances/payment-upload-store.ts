import type { Insertable, Selectable } from 'kysely';
import type { PaymentUploadsTable, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';

export type PaymentUpload = Selectable<PaymentUploadsTable>;

export async function insertPaymentUpload(tx: Tx, row: Insertable<PaymentUploadsTable>): Promise<void> {
  await tx.insertInto('payment_uploads').values(row).execute();
}

/** Selects an upload of a provider FOR UPDATE; serializes concurrent confirmations. */
export async function lockPaymentUpload(
  tx: Tx,
  provider_id: ProfileId,
  key: string,
): Promise<PaymentUpload | undefined> {
  return tx
    .selectFrom('payment_uploads')
    .selectAll()
    .where('key', '=', key)
    .where('provider_id', '=', provider_id)
    .forUpdate()
    .executeTakeFirst();
}

export async function updateConfirmed(tx: Tx, key: string, at: Date): Promise<void> {
  await tx.updateTable('payment_uploads').set({ confirmed_at: at }).where('key', '=', key).execute();
}

/** Deletes at most `rows_max` uploads created before an instant. Index: payment_uploads_created_at. */
export async function deleteOldPaymentUploads(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('payment_uploads')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('payment_uploads')
        .select('key')
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
