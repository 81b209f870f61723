import { formatMoney } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import { escapeHtml } from '#platform/templates/trusted-html';
import { accounts, type Entry } from './entry.ts';

/** The facts of an entry that a viewer is shown. */
export type Transaction = Omit<Entry, 'rank'>;

/** Says whether money of the viewer goes out: it leaves, and comes from funds or goes to somebody's. */
export function isDebit(transaction: Transaction, viewer_id: ProfileId | null): boolean {
  return (
    transaction.orig_profile_id === viewer_id &&
    (transaction.dest_account === accounts.funds || transaction.orig_account === accounts.funds)
  );
}

/** Writes what the transaction means to the viewer: what left in parentheses, else what arrived. */
export function amountText(transaction: Transaction, is_debit: boolean, lang?: string): string {
  return is_debit
    ? formatMoney({ amount: -transaction.orig_amount, unit: transaction.orig_unit }, lang)
    : formatMoney({ amount: transaction.dest_amount, unit: transaction.dest_unit }, lang);
}

/** A receipt that a transaction mentions: the processor's key of the charge, and the path of the page. */
export interface ReceiptLink {
  key: string;
  path: string;
}

/**
 * Writes the description as HTML: all of it escaped, only the key of a charge a link to the receipt.
 *
 * Why escaped here: names on cards, texts of imports and names of people are part of it.
 */
export function descriptionHtml(description: string, receipt: ReceiptLink | undefined): string {
  if (!receipt) return escapeHtml(description);
  const [before, ...rest] = description.split(receipt.key);
  if (rest.length === 0) return escapeHtml(description);
  const link = `<a href="${escapeHtml(receipt.path)}">${escapeHtml(receipt.key)}</a>`;
  return `${escapeHtml(before ?? '')}${link}${escapeHtml(rest.join(receipt.key))}`;
}
