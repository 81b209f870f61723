import { formatMoney } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import { escapeHtml } from '#platform/templates/trusted-html';
import { accounts, type Entry } from './entry.ts';

/** Facts of an entry that are presented to a viewer. */
export type Transaction = Omit<Entry, 'rank'>;

/**
 * True if the viewer pays: the viewer is the sender, and the entry is from or to funds, or uses credit. Also if the
 * viewer is the provider of an order that is taken back.
 */
export function isDebit(transaction: Transaction, viewer_id: ProfileId | null): boolean {
  const { orig_profile_id, orig_account, dest_profile_id, dest_account } = transaction;
  if (dest_account === accounts.receivable && orig_account === accounts.payable) return dest_profile_id === viewer_id;
  return (
    orig_profile_id === viewer_id &&
    (dest_account === accounts.funds || orig_account === accounts.funds || dest_account === accounts.credit)
  );
}

/** Returns the amount as text: the sent amount in parentheses for a debit, else the received amount. */
export function formatAmount(transaction: Transaction, is_debit: boolean, lang?: string): string {
  return is_debit
    ? formatMoney({ amount: -transaction.orig_amount, unit: transaction.orig_unit }, lang)
    : formatMoney({ amount: transaction.dest_amount, unit: transaction.dest_unit }, lang);
}

/** Receipt of a transaction: key of the charge at the processor, and path of the page. */
export interface ReceiptLink {
  key: string;
  path: string;
}

/**
 * Returns the description as escaped HTML; the key of the charge becomes a link to the receipt.
 *
 * Why escaped here: a description contains names on cards, names of users and texts of imports.
 */
export function renderDescription(description: string, receipt: ReceiptLink | undefined): string {
  if (!receipt) return escapeHtml(description);
  const [before, ...rest] = description.split(receipt.key);
  if (rest.length === 0) return escapeHtml(description);
  const link = `<a href="${escapeHtml(receipt.path)}">${escapeHtml(receipt.key)}</a>`;
  return `${escapeHtml(before ?? '')}${link}${escapeHtml(rest.join(receipt.key))}`;
}

/** Beginning of the text of an entry of a credit note. The number is not known yet when the entry is posted. */
const NOTE_TEXT = 'Credit note';

/** True for an entry that credits a subscriber: it reduces a debt, or becomes credit. */
export function isCreditNote({
  orig_account,
  dest_account,
}: Pick<Transaction, 'orig_account' | 'dest_account'>): boolean {
  return (
    (orig_account === accounts.payable && dest_account === accounts.receivable) ||
    (orig_account === accounts.refunded && dest_account === accounts.backlog)
  );
}

/** Returns the text of an entry of a credit note; its number is put in once it has one. */
export function describeNote(line: string): string {
  return `${NOTE_TEXT} for ${line}`;
}

/** Puts the number of a credit note in the text of `describeNote`; any other text is unchanged. */
export function nameNote(text: string, number: string | undefined): string {
  if (number === undefined || !text.startsWith(`${NOTE_TEXT} for `)) return text;
  return `${NOTE_TEXT} ${number}${text.slice(NOTE_TEXT.length)}`;
}
