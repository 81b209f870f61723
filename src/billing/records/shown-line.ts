import { type LedgerSubject, subjectText } from '#ledger';
import type { CartItemId, ProfileId } from '#platform/db/db-schema';

/** A line as the buyer was shown it. */
export interface ShownLine {
  key: string;
  /** JSON; equal texts are equal offers. */
  offer: string;
  /** JSON of the parts due for one payer; null when the response had no payer. */
  due: string | null;
  coupon_id: number | null;
  coupon_ends_at: Date | null;
}

/** What a response shows: the cart with what is due, or the balance page. */
export type ShownScope = 'cart' | 'balance';

export function itemKey(id: CartItemId): string {
  return `item:${id}`;
}

/** The prefix of the lines of one payer's balance. */
export function balanceKey(payer_id: ProfileId, subject: LedgerSubject | null, entry_id: number | null): string {
  return `balance:${payer_id}:${subject ? subjectText(subject) : ''}:${entry_id ?? ''}`;
}

/** True if an order over `lines` is exactly what was shown: the same lines at the same prices, no more and no fewer. */
export function isAsShown(lines: readonly ShownLine[], shown: readonly ShownLine[]): boolean {
  if (lines.length !== shown.length) return false;
  const byKey = new Map(shown.map((line) => [line.key, line]));
  return lines.every((line) => {
    const before = byKey.get(line.key);
    return before?.offer === line.offer && (before.due === null || before.due === line.due);
  });
}
