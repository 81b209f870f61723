import type { Money } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { sumByUnit } from '#ledger';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { readCsv } from '#platform/csv/read-csv';
import { inTransaction } from '#platform/db/database';
import { deleteInBatches } from '#platform/db/delete-in-batches';
import { defineJob } from '#platform/jobs/jobs';
import { randomKey40, sha256Hex } from '#platform/security/crypto';
import type { Profile } from '#profiles';
import { invoiceImports, recordAdjustments } from '../adjustments/index.ts';
import { billingProblems } from '../problems.ts';
import { checkPayments } from './check-payments.ts';
import { newImport } from './import-payment.ts';
import { PAYMENT_ROWS_MAX, type PaymentFault, readPaymentRows, type TypedPayment } from './payment-file.ts';
import {
  deleteOldPaymentUploads,
  insertPaymentUpload,
  lockPaymentUpload,
  updateConfirmed,
} from './payment-upload-store.ts';

/** Time for which a checked file can be confirmed. */
const UPLOAD_KEPT_MS = 86_400_000;

/** What a file of payments would record. */
export interface FilePreview {
  /** Names the file when it is confirmed; null if a row is refused: a file is imported whole or not at all. */
  key: string | null;
  payments_count: number;
  totals: Money[];
  faults: PaymentFault[];
}

/**
 * Checks a file of payments and keeps it for a day until it is confirmed. The ledger is unchanged.
 * @throws invalid_input (400) naming `file`
 */
export async function previewFile(ctx: Context, provider: Profile, bytes: Uint8Array | null): Promise<FilePreview> {
  if (bytes === null) throw invalidInput({ file: ['Choose a file.'] });
  const read = readPaymentRows(readCsv(bytes, { rows_max: PAYMENT_ROWS_MAX }));
  if (read.payments.length === 0 && read.faults.length === 0) throw invalidInput({ file: ['The file has no rows.'] });
  const { payments, faults: refused } = await checkPayments(ctx, ctx.db, provider, read.payments);
  const faults = [...read.faults, ...refused].toSorted((a, b) => a.row - b.row);
  const key = faults.length === 0 ? randomKey40() : null;
  if (key !== null)
    await inTransaction(ctx.db, (tx) =>
      insertPaymentUpload(tx, {
        key,
        provider_id: provider.id,
        payments: JSON.stringify(read.payments),
        created_by: actorId(ctx),
        created_at: ctx.clock.now(),
      }),
    );
  return { key, payments_count: payments.length, totals: sumByUnit(payments.map(({ part }) => part)), faults };
}

/**
 * Records all payments of a checked file in one transaction; none if one is no longer valid. Returns their number.
 * Confirming again records nothing and returns the same number.
 *
 * Locks: the upload, so that of two confirmations the second finds the first.
 * @throws payment_upload_unknown (404), invalid_input (400) naming `file` and the row
 */
export async function confirmFile(ctx: Context, provider: Profile, key: string): Promise<number> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const upload = await lockPaymentUpload(tx, provider.id, key);
    if (!upload || upload.created_at.getTime() < at.getTime() - UPLOAD_KEPT_MS)
      throw billingProblems.payment_upload_unknown();
    const typed = upload.payments as unknown as TypedPayment[]; // written by previewFile
    if (upload.confirmed_at !== null) return typed.length;
    const { payments, faults } = await checkPayments(ctx, tx, provider, typed);
    if (faults.length > 0)
      throw invalidInput({ file: faults.map(({ row, message }) => `Row ${row}: ${message} Nothing was recorded.`) });
    const recorded = await recordAdjustments(
      ctx,
      tx,
      payments.map(({ row, ...payment }) => newImport(payment, sha256Hex(`${key}:${row}`))),
    );
    await updateConfirmed(tx, key, at);
    await invoiceImports(tx, recorded);
    return payments.length;
  });
}

/** Deletes checked files after a day. */
export const forgetPaymentUploadsJob = defineJob({
  name: 'forget_payment_uploads',
  schedule: '25 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - UPLOAD_KEPT_MS);
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteOldPaymentUploads(tx, before, rows_max));
  },
});
