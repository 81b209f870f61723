/** An order row as a credit note finds it. Units: 1/100 of its unit. */
export interface NotableOrder {
  price: number;
  /** Part that earlier credit notes took from the open debt. */
  noted_due: number;
  /** Part that was not paid: still due, or written off. */
  unpaid: number;
  /** Given back so far by refunds, without payouts of credit. */
  refunded: number;
  /** Charged back by lost disputes. */
  charged_back: number;
}

/** How a credit note over an amount is settled; the parts add up to the amount. */
export interface NoteParts {
  /** Reduces the debt, or takes a part of the order back that was written off (`G_due`). */
  due: number;
  /** Part of what was paid that a refund gave back already. */
  refund_share: number;
  /** Part of what was paid that a lost dispute took already. */
  chargeback_share: number;
  /** Becomes credit (`K`). */
  credit: number;
}

/**
 * Splits the amount of a credit note: the open debt shrinks first, then the share of refunds and lost disputes is taken
 * off, the rest becomes credit. Only paid money becomes credit. Exact integers. Pure.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export function splitNote(amount: number, order: NotableOrder): NoteParts {
  const due = Math.min(amount, order.unpaid);
  const rest = amount - due;
  const paid = order.price - order.noted_due - order.unpaid;
  const shareOf = (given_back: number) =>
    paid <= 0 ? 0 : Math.min(rest, Number((BigInt(rest) * BigInt(Math.min(given_back, paid))) / BigInt(paid)));
  const refund_share = shareOf(order.refunded);
  const share = shareOf(order.refunded + order.charged_back);
  return { due, refund_share, chargeback_share: share - refund_share, credit: rest - share };
}

/** An order on a subject, with the part of its price that is known to be paid or taken back. */
export interface OrderOnSubject<Id> {
  id: Id;
  amount: number;
  settled: number;
}

/**
 * Returns the part of each order that is due. `orders` are those of one subject in one unit, newest first. Payments
 * that name no order settle the oldest ones, so that the amount due is made of the newest. Pure.
 */
export function unpaidParts<Id>(amount_due: number, orders: readonly OrderOnSubject<Id>[]): Map<Id, number> {
  let left = Math.max(0, amount_due);
  return new Map(
    orders.map(({ id, amount, settled }) => {
      const unpaid = Math.min(left, Math.max(0, amount - settled));
      left -= unpaid;
      return [id, unpaid];
    }),
  );
}
