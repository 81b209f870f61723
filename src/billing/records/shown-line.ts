import { type LedgerSubject, subjectText } from '#ledger';
import type { CartItemId, ProfileId } from '#platform/db/db-schema';

/** Offer of one line that a response showed to the owner of a cart. */
export interface ShownLine {
  key: string;
  /** JSON; equal texts are equal offers. */
  offer: string;
  /** JSON of the parts due for one payer; null when the response had no payer. */
  due: string | null;
  coupon_id: number | null;
  coupon_ends_at: Date | null;
}

/** Kind of response: the cart with balances due, or the balance page. */
export type ShownScope = 'cart' | 'balance';

/** Key of the shown line of a cart item. */
export function itemKey(id: CartItemId): string {
  return `item:${id}`;
}

/** Key of the shown line of one payer's balance. */
export function balanceKey(payer_id: ProfileId, subject: LedgerSubject | null, entry_id: number | null): string {
  return `balance:${payer_id}:${subject ? subjectText(subject) : ''}:${entry_id ?? ''}`;
}

/** True if `lines` and `shown` are the same lines at the same prices. */
export function isAsShown(lines: readonly ShownLine[], shown: readonly ShownLine[]): boolean {
  if (lines.length !== shown.length) return false;
  const byKey = new Map(shown.map((line) => [line.key, line]));
  return lines.every((line) => {
    const before = byKey.get(line.key);
    return before?.offer === line.offer && (before.due === null || before.due === line.due);
  });
}
