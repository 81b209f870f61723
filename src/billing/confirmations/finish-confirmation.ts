import { type Charge, findAttempt, findChargeOfAttempt, findConfirmedAttempt, type PaymentContext } from '#payments';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { finishChange } from '../changes/index.ts';
import { closePaidCases } from '../dunning/index.ts';
import { abandonAwaitingOrder, finishAwaitingOrder } from '../orders/index.ts';

/** How long the page looks for the payment that the browser comes from. */
const RECENT_MS = 60 * 60_000;

/** True if a payment that waits is ended, or the key of the only one that is. */
export type Abandons = boolean | { key: string };

/** What became of a payment that the payer was asked to confirm. */
export type Confirmation = { payer_id: ProfileId } & (
  | { state: 'paid'; charge: Charge }
  | { state: 'declined'; detail: string; code: string }
  | { state: 'waiting'; page: { bank_url: string | null; is_hosted: boolean } }
  /** The payer has confirmed it, and the processor decides later. */
  | { state: 'pending' }
);

/**
 * Finishes the newest payment that a user was asked to confirm, by what the processor says now; null if there is none
 * of the last hour. The address from which the browser comes proves nothing. With `abandons`, a payment
 * that still waits is ended, so that the payer can pay in another way.
 *
 * The job `finish_orders` and messages of the processor may be faster: the outcome is the same.
 * @throws processor_unreachable (503)
 */
export async function finishConfirmation(
  ctx: PaymentContext,
  user_id: UserId,
  { abandons = false }: { abandons?: Abandons } = {},
): Promise<Confirmation | null> {
  const since = new Date(ctx.clock.now().getTime() - RECENT_MS);
  const attempt = await findConfirmedAttempt(ctx.db, user_id, since);
  if (!attempt) return null;
  const { id, profile_id: payer_id } = attempt;
  if (attempt.state === 'awaiting_action') {
    const finishing = { findFinish: finishChange, balancePaid: closePaidCases };
    const isEnded = typeof abandons === 'boolean' ? abandons : abandons.key === attempt.key;
    if (isEnded) await abandonAwaitingOrder(ctx, attempt, finishing);
    const waiting = isEnded ? null : await finishAwaitingOrder(ctx, attempt, finishing);
    if (waiting) {
      const page = { bank_url: waiting.redirect_url, is_hosted: waiting.is_hosted === true };
      return { payer_id, state: 'waiting', page };
    }
  }
  const charge = await findChargeOfAttempt(ctx.db, id);
  if (charge) return { payer_id, state: 'paid', charge };
  const ended = await findAttempt(ctx.db, id);
  if (ended?.state === 'awaiting_action') return { payer_id, state: 'pending' };
  return { payer_id, state: 'declined', detail: ended?.detail ?? '', code: ended?.decline_code ?? '' };
}
