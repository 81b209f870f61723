import { actorId } from '#platform/actor-id';
import { type Attempt, findWaitingAttempt, type PaymentContext } from '#payments';
import { abandonCheckout, resumeCheckout } from '../checkout/index.ts';
import { getPayableLink } from './load-link.ts';

/**
 * Finishes the payment that the caller was asked to confirm, by what the processor says now; no effect if none waits.
 * The caller may have no account: only payments of callers without one are looked at then.
 *
 * @throws payment_link_unknown (404) · action_required (402) while it waits · card_declined (400)
 * @throws payment_unknown (503)
 */
export async function finishLink(ctx: PaymentContext, code: string): Promise<void> {
  const attempt = await findOwnAttempt(ctx, code);
  if (attempt) await resumeCheckout(ctx, attempt);
}

/**
 * Ends the payment that the caller was asked to confirm, so that another card can pay. One that was confirmed in the
 * meantime is settled. With a `key`, only the payment with that key: the address of a page ends no other one.
 *
 * @throws payment_link_unknown (404), processor_unreachable (503)
 */
export async function giveUpLink(ctx: PaymentContext, code: string, { key }: { key?: string } = {}): Promise<void> {
  const attempt = await findOwnAttempt(ctx, code);
  if (attempt && (key === undefined || attempt.key === key)) await abandonCheckout(ctx, attempt);
}

async function findOwnAttempt(ctx: PaymentContext, code: string): Promise<Attempt | undefined> {
  const { payer } = await getPayableLink(ctx.db, code);
  return findWaitingAttempt(ctx.db, payer.id, actorId(ctx));
}
