import type { Plan } from '#catalog';
import { addPeriods } from '#kernel/period';
import type { Subscription } from '#subscriptions';

const DAY_MS = 86_400_000;

export type EndNotice = 'payment_method_absent' | 'card_expires_soon' | 'subscription_upgrade' | 'expires_soon';

/** Returns the ends of subscriptions about which a notice is sent `days` ahead: from (inclusive) to (exclusive). */
export function noticeSpan(at: Date, days: number): { from: Date; to: Date } {
  const from = new Date(at.getTime() + days * DAY_MS);
  return { from, to: new Date(from.getTime() + DAY_MS) };
}

/**
 * Returns the instant from which on a card is not valid: the beginning (UTC) of the month after its last one.
 * `exp_date` is the first day of the last month.
 */
export function cardEnd(exp_date: string): Date {
  return addPeriods(new Date(`${exp_date.slice(0, 7)}-01T00:00:00Z`), 1, 'monthly');
}

/**
 * Returns the notice about the end of a subscription, or null. A subscription that renews needs a card that is valid at
 * its end; one that does not renew ends, unless its subscriber cancelled it. Pure.
 * @see docs/spec/billing.md 5.6
 */
export function decideNotice(
  { auto_renew, ends_at }: Pick<Subscription, 'auto_renew' | 'ends_at'>,
  { renewal_type, period_amount }: Pick<Plan, 'renewal_type' | 'period_amount'>,
  card: { exp_date: string } | null,
): EndNotice | null {
  if (!auto_renew) {
    if (renewal_type === 'one-time') return 'subscription_upgrade';
    return renewal_type === 'repeat' ? 'expires_soon' : null;
  }
  if (renewal_type !== 'auto-renew' || period_amount === 0) return null;
  if (card === null) return 'payment_method_absent';
  return cardEnd(card.exp_date) <= ends_at ? 'card_expires_soon' : null;
}
