import type { PresentedTransaction } from '#ledger';
import { accounts, isSameSubject } from '#ledger';
import type { Reader } from '#platform/db/database';
import { findChargedLines } from '#payments';
import { findEntryTexts } from '../orders/index.ts';
import type { ReaderLocale } from '../quotes/index.ts';

type Row = Omit<PresentedTransaction, 'text'>;

/**
 * Replaces the documented descriptions of transactions by texts for the reader, computed from columns: the ordered
 * line, the paying card, the refunded line. Rows without such columns (an import, a write-off) keep their description.
 */
export async function viewHistory(
  reader: Reader,
  transactions: readonly PresentedTransaction[],
  reading: ReaderLocale,
): Promise<Row[]> {
  const lines = await findChargedLines(
    reader,
    transactions.flatMap(({ receipt_key }) => receipt_key ?? []),
  );
  const texts = await findEntryTexts(
    reader,
    [...transactions.flatMap(({ entry_id }) => entry_id ?? []), ...lines.map((line) => line.invoiced_entry_id)],
    reading,
  );
  const textOf = (row: PresentedTransaction): string => {
    const ordered = row.entry_id === null ? undefined : texts.get(row.entry_id);
    if (ordered !== undefined) return ordered;
    const charged = lines.filter((line) => line.processor_key === row.receipt_key);
    if (row.orig_account === accounts.liability && row.dest_account === accounts.funds && charged[0]) {
      return charged[0].last4 === null ? 'Payment' : `Payment by card ending in ${charged[0].last4}`;
    }
    const refunded = charged.find((line) => row.subject && isSameSubject(line.refund_subject, row.subject));
    if (row.orig_account !== accounts.refunded || !refunded) return row.text;
    const what = texts.get(refunded.invoiced_entry_id) ?? refunded.title;
    return `${row.dest_account === accounts.chargeback ? 'Dispute about' : 'Refund of'} ${what}`;
  };
  return transactions.map(({ text, ...row }) => ({ ...row, description: textOf({ text, ...row }) }));
}
