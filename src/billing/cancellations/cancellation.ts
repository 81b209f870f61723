import type { Plan } from '#catalog';
import type { Subscription } from '#subscriptions';

export const cancelTimes = ['period_end', 'now'] as const;
export type CancelTime = (typeof cancelTimes)[number];
export const refundChoices = ['none', 'credit', 'unused', 'full'] as const;
export type RefundChoice = (typeof refundChoices)[number];

const DAY_MS = 86_400_000;

/** True if the caller may choose what is given back at a cancellation with immediate effect. Pure. */
export function mayChooseRefund(
  choice: RefundChoice,
  {
    subscription,
    plan,
    is_provider,
  }: { subscription: Pick<Subscription, 'created_at'>; plan: Plan; is_provider: boolean },
  at: Date,
): boolean {
  if (choice === 'none' || is_provider) return true;
  if (choice === 'full') return at.getTime() < subscription.created_at.getTime() + plan.money_back_days * DAY_MS;
  return plan.cancel_refund === choice;
}

/** Unearned amount of one order line, and what paid it. Units: 1/100. */
export interface ClosedLine {
  /** Unearned amount that is given back. */
  amount: number;
  /** Part of the line that is not paid: due, or written off. */
  unpaid: number;
  /** Price of the line, less what credit notes took from its debt. */
  price: number;
  /** Given back by earlier refunds. */
  refunded: number;
  /** Charged back by lost disputes. */
  charged_back: number;
  /** What its charge lines still allow. */
  refundable: number;
}

/** How the unearned amount of a line is given back. */
export interface LineRefund {
  /** Reduces the debt, or takes back what was written off. */
  due: number;
  /** Part of `due` that was written off; absent from cancellations that were stored before it was kept apart. */
  forgiven?: number;
  /** Part of the unearned amount that goes to the card; it leaves Backlog. */
  unused: number;
  /** Further amount to the card for time that was used; it stays in Refund. */
  used: number;
  /** Part of earlier refunds and lost disputes that was for unused time; it leaves Backlog. */
  share: number;
  /** Part of `share` that lost disputes took; absent from cancellations that were stored before it was kept apart. */
  chargeback_share?: number;
  /** Becomes credit, because no card paid it, or because credit was chosen. */
  credit: number;
}

/**
 * Splits the unearned amount of a line: the debt shrinks first, then the share of earlier refunds is taken off; the
 * rest goes to the card up to what its charge lines allow, and what no card paid becomes credit. Pure.
 */
export function splitRefund(line: ClosedLine, choice: Exclude<RefundChoice, 'none' | 'credit'>): LineRefund {
  const due = Math.min(line.amount, line.unpaid);
  const rest = line.amount - due;
  const paid = line.price - line.unpaid;
  const shareOf = (given_back: number) =>
    paid <= 0 ? 0 : Math.min(rest, Number((BigInt(rest) * BigInt(Math.min(given_back, paid))) / BigInt(paid)));
  const share = shareOf(line.refunded + line.charged_back);
  const chargeback_share = share - shareOf(line.refunded);
  const unused = Math.min(rest - share, line.refundable);
  const used = choice === 'full' ? line.refundable - unused : 0;
  return { due, unused, used, share, chargeback_share, credit: rest - share - unused };
}
