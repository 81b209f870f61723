import type { Stripe } from 'stripe';
import type { Account } from '../account.ts';
import { isOver, withoutBody } from './declined-by.ts';
import { INTENT_PARTS } from './intent-outcome.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/**
 * Cancels a payment, and returns it as it is afterwards: paid, if the payer was faster. Rejects if the payer could
 * still confirm it.
 *
 * No key of the attempt: Stripe would repeat a stored 500 for a day, and a repeated cancel has no effect anyway.
 */
export async function cancelIntent(
  needs: StripeNeeds,
  account: Account,
  { id }: Stripe.PaymentIntent,
): Promise<Stripe.PaymentIntent> {
  try {
    await needs.client.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' }, callOptions(account));
  } catch (error) {
    needs.log.info({ err: withoutBody(error), intent_key: id }, 'payment not canceled');
  }
  const ended = await retrieveIntent(needs, id, account);
  if (!isOver(ended)) throw new Error('the payment was not canceled: the outcome is unknown');
  return ended;
}

/** Returns a payment as it is now, with its charge. */
export async function retrieveIntent(
  { client }: StripeNeeds,
  id: string,
  account: string,
): Promise<Stripe.PaymentIntent> {
  const intent = await client.paymentIntents.retrieve(
    requireStripeId(id, 'intent'),
    { expand: INTENT_PARTS },
    callOptions(account),
  );
  return requireObject(intent, 'payment_intent');
}
