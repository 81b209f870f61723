import type { PresentedTransaction } from '#ledger';
import { accounts, findInvoicedEntries, isSameSubject } from '#ledger';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { findChargedLines } from '#payments';
import { nameEntries } from '../orders/index.ts';
import type { ReaderLocale } from '../quotes/index.ts';
import { findLinesOfEntries } from '../records/index.ts';

type Row = Omit<PresentedTransaction, 'text'>;

/**
 * Replaces the documented descriptions of transactions by texts for the reader, computed from columns: the ordered
 * line, the paying card, the refunded line. Rows without such columns (an import, a write-off) keep their description.
 * An order without a receipt links to its invoice.
 */
export async function viewHistory(
  reader: Reader,
  transactions: readonly PresentedTransaction[],
  reading: ReaderLocale,
): Promise<Row[]> {
  const entry_ids = transactions.flatMap(({ entry_id }) => entry_id ?? []);
  const receipt_keys = transactions.flatMap(({ receipt_key }) => receipt_key ?? []);
  const [lines, listed, invoiced] = await mergeReads(reader, [
    (together) => findChargedLines(together, receipt_keys),
    (together) => findLinesOfEntries(together, entry_ids),
    (together) => findInvoicedEntries(together, entry_ids),
  ]);
  // Most charges pay entries of the same page.
  const known = new Set(entry_ids);
  const others = lines.map((line) => line.invoiced_entry_id).filter((id) => !known.has(id));
  const elsewhere = others.length === 0 ? [] : await findLinesOfEntries(reader, others);
  const texts = await nameEntries(reader, [...listed, ...elsewhere], reading);
  const textOf = (row: PresentedTransaction): string => {
    const ordered = row.entry_id === null ? undefined : texts.get(row.entry_id);
    if (ordered !== undefined) return ordered;
    const charged = lines.filter((line) => line.processor_key === row.receipt_key);
    if (row.orig_account === accounts.liability && row.dest_account === accounts.funds && charged[0]) {
      return charged[0].last4 === null ? 'Payment' : `Payment by card ending in ${charged[0].last4}`;
    }
    const refunded = charged.find((line) => row.subject && isSameSubject(line.refund_subject, row.subject));
    const is_won = row.orig_account === accounts.chargeback;
    if ((row.orig_account !== accounts.refunded && !is_won) || !refunded) return row.text;
    const what = texts.get(refunded.invoiced_entry_id) ?? refunded.title;
    if (is_won) return `End of the dispute about ${what}`;
    return `${row.dest_account === accounts.chargeback ? 'Dispute about' : 'Refund of'} ${what}`;
  };
  const locationOf = (row: PresentedTransaction): string | null => {
    const invoice = row.entry_id === null ? undefined : invoiced.get(row.entry_id);
    if (row.location !== null || !invoice) return row.location;
    return paths.document(row.dest_profile.slug, invoice.provider, invoice.number);
  };
  return transactions.map((transaction) => {
    const { text: _, ...row } = transaction;
    return { ...row, location: locationOf(transaction), description: textOf(transaction) };
  });
}
