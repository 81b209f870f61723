import type { Charge, PaymentContext } from '#payments';
import { abandonCheckout, resumeCheckout } from '../checkout/index.ts';
import { billingProblems } from '../problems.ts';
import { findPayment, getFinishLink, viewFinish } from './load-finish.ts';

/**
 * Finishes the payment that a link began, by what the processor says now, or ends it if less is due than it takes.
 * Returns its charge; null if none waits.
 *
 * @throws finish_link_unknown (404) · action_required (402) while it waits · card_declined (400)
 * @throws checkout_in_flight (409) while its outcome is unknown, finish_amount_changed (409), payment_unknown (503)
 */
export async function resumeFinish(ctx: PaymentContext, key: string): Promise<Charge | null> {
  const { attempt, due } = await viewFinish(ctx, key);
  if (attempt?.state === 'reserved') throw billingProblems.checkout_in_flight({ retry_after_s: 60 });
  if (attempt?.state !== 'awaiting_action') return null;
  if (due && attempt.amount <= due.amount) return resumeCheckout(ctx, attempt);
  const charge = await giveUpFinish(ctx, key);
  if (charge === null) throw billingProblems.finish_amount_changed();
  return charge;
}

/**
 * Ends the payment that a link began and that waits, so that it can be paid in another way. One that was confirmed in
 * the meantime is settled: its charge is returned. With `attempt_key`, only the payment with that key: the address of a
 * page ends no other one.
 *
 * @throws finish_link_unknown (404), processor_unreachable (503)
 */
export async function giveUpFinish(
  ctx: PaymentContext,
  key: string,
  { attempt_key }: { attempt_key?: string } = {},
): Promise<Charge | null> {
  const { link } = await getFinishLink(ctx.db, key);
  const { attempt } = await findPayment(ctx.db, link);
  if (attempt?.state !== 'awaiting_action' || (attempt_key ?? attempt.key) !== attempt.key) return null;
  await abandonCheckout(ctx, attempt);
  return (await findPayment(ctx.db, link)).charge ?? null;
}
