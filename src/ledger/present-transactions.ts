import assert from 'node:assert/strict';
import type { LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { presentProfileSummary, findProfileSummaries } from '#profiles';
import { findNoteNumbers } from './documents/index.ts';
import { findReceipts } from './event-store.ts';
import type { PresentedTransaction } from './schemas.ts';
import { fromSubjectColumns } from './subject.ts';
import {
  formatAmount,
  isCreditNote,
  isDebit,
  nameNote,
  renderDescription,
  type ReceiptLink,
  type Transaction,
} from './transaction.ts';

/**
 * Presents transactions to a viewer (null: no particular viewer), with one statement.
 * The key of a charge is a link to the receipt of the customer.
 */
export async function presentTransactions(
  reader: Reader,
  transactions: readonly Transaction[],
  viewer_id: ProfileId | null,
  lang?: string,
): Promise<PresentedTransaction[]> {
  const event_ids = transactions.map(({ ledger_event_id }) => ledger_event_id);
  const profile_ids = transactions.flatMap(({ orig_profile_id, dest_profile_id }) => [
    orig_profile_id,
    dest_profile_id,
  ]);
  const [receipts, summaries, numbers] = await mergeReads(reader, [
    (together) => findReceipts(together, event_ids),
    (together) => findProfileSummaries(together, profile_ids),
    (together) =>
      findNoteNumbers(
        together,
        transactions.filter(isCreditNote).map(({ id }) => id),
      ),
  ]);
  const summaryOf = (id: ProfileId) => {
    const summary = summaries.get(id);
    assert(summary, `profile ${id} of a ledger entry is missing`);
    return summary;
  };
  const receiptOf = (id: LedgerEventId): ReceiptLink | undefined => {
    const receipt = receipts.get(id);
    return receipt && { key: receipt.key, path: paths.receipt(receipt.customer, receipt.key) };
  };

  return transactions.map((transaction) => {
    const is_debit = isDebit(transaction, viewer_id);
    const receipt = receiptOf(transaction.ledger_event_id);
    const text = nameNote(transaction.description, numbers.get(transaction.id));
    return {
      entry_id: transaction.id,
      event_id: transaction.ledger_event_id,
      text,
      subject: fromSubjectColumns(transaction),
      receipt_key: receipt?.key ?? null,
      location: receipt?.path ?? null,
      created_at: transaction.created_at.toISOString(),
      description: renderDescription(text, receipt),
      amount: formatAmount(transaction, is_debit, lang),
      is_debit,
      orig_account: transaction.orig_account,
      orig_profile: presentProfileSummary(summaryOf(transaction.orig_profile_id)),
      orig_amount: transaction.orig_amount,
      orig_unit: transaction.orig_unit,
      dest_account: transaction.dest_account,
      dest_profile: presentProfileSummary(summaryOf(transaction.dest_profile_id)),
      dest_amount: transaction.dest_amount,
      dest_unit: transaction.dest_unit,
    };
  });
}
