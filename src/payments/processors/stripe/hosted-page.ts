import type { Stripe } from 'stripe';
import { cutText } from '#kernel/text';
import type { ActionRequiredOutcome, AttemptRef, ChargeOutcome, ChargeRequest, SaveCardRequest } from '../processor.ts';
import { toStripe } from './amounts.ts';
import { cancelIntent, retrieveIntent } from './cancel-intent.ts';
import { isOver, withoutBody } from './declined-by.ts';
import { abandoned, idOf, outcomeOfIntent } from './intent-outcome.ts';
import { acceptOfTerms } from './intents/named-intent.ts';
import { paymentFacts, siteFacts } from './site-facts.ts';
import { suffixOf, suffixParam } from './statement-suffix.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** Token of a card that the payer enters on the page of Stripe. */
export const HOSTED_PAGE = 'hosted_page';

/**
 * Lifetime of the page. Stripe refuses less than 30 minutes by its own clock; the difference is what the clocks may
 * differ by. A payment that waits longer than 30 minutes is ended before, by `abandon`.
 */
const LIFE_S = 35 * 60;
const TEXT_MAX = 500;
/** Currency of the page that keeps a card: the methods that it offers depend on it, and nothing is charged. */
const SETUP_UNIT = 'usd';

/** An attempt whose payment is made on the page of Stripe; the page is found by its key. */
export type HostedAttempt = AttemptRef & { intent_key: string };

/**
 * Opens the page on which the payer enters the card. The key of the attempt makes a retry return the same page. Without
 * a customer, the page does not show who pays.
 */
export async function openPaymentPage(
  needs: StripeNeeds,
  request: ChargeRequest,
  remember: boolean,
  customer: string | null,
  key: string,
): Promise<ActionRequiredOutcome> {
  const { account, payer, description, unit, broker_fee_amount } = request;
  const metadata = await paymentFacts(needs, request);
  const text = cutText(description, TEXT_MAX);
  const session = await needs.client.checkout.sessions.create(
    {
      mode: 'payment',
      ui_mode: 'hosted_page',
      ...(customer === null ? {} : { customer }),
      client_reference_id: request.key,
      // The payer is charged the amount and the currency of the order.
      adaptive_pricing: { enabled: false },
      line_items: [
        {
          quantity: 1,
          price_data: { currency: unit, unit_amount: toStripe(request), product_data: { name: text || 'Order' } },
        },
      ],
      payment_intent_data: {
        // With the default the answer has no balance transaction, so the charge could not be booked with it.
        capture_method: 'automatic',
        ...(broker_fee_amount === 0 ? {} : { application_fee_amount: toStripe({ amount: broker_fee_amount, unit }) }),
        ...(remember ? { setup_future_usage: 'off_session' as const } : {}),
        ...(text === '' ? {} : { description: text }),
        ...suffixParam(await suffixOf(needs, request.provider_id)),
        metadata,
      },
      metadata,
      success_url: payer.return_url,
      cancel_url: withQuery(payer.return_url, `left=${encodeURIComponent(request.key)}`),
      expires_at: endOf(needs),
    },
    callOptions(account, `${key}:cs`),
  );
  return actionOf(requireObject(session, 'checkout.session'), account);
}

/** Opens the page on which the payer enters a card to keep. Its return names the page, for `saveCard`. */
export async function openCardPage(
  needs: StripeNeeds,
  { account, payer }: SaveCardRequest,
  customer: string,
  key: string,
): Promise<ActionRequiredOutcome> {
  const metadata = await siteFacts(needs, payer);
  const session = await needs.client.checkout.sessions.create(
    {
      mode: 'setup',
      ui_mode: 'hosted_page',
      currency: SETUP_UNIT,
      customer,
      setup_intent_data: { metadata },
      metadata,
      // Stripe replaces the name in braces, which must not be escaped.
      success_url: withQuery(payer.return_url, 'setup_session={CHECKOUT_SESSION_ID}'),
      cancel_url: payer.return_url,
      expires_at: endOf(needs),
    },
    callOptions(account, `${key}:cs`),
  );
  return actionOf(requireObject(session, 'checkout.session'), account);
}

/**
 * Returns the outcome of a payment on the page of Stripe, by what Stripe says now. One that took another amount or
 * currency than the order asks for is declined, with what it took.
 */
export async function findHostedPayment(needs: StripeNeeds, attempt: HostedAttempt): Promise<ChargeOutcome> {
  return outcomeOfPage(needs, await retrieveSession(needs, attempt.intent_key, attempt.account), attempt);
}

/** Closes the page of an attempt. The outcome is accepted if the payer was faster. */
export async function closeHostedPayment(needs: StripeNeeds, attempt: HostedAttempt): Promise<ChargeOutcome> {
  const { intent_key, account } = attempt;
  try {
    await needs.client.checkout.sessions.expire(
      requireStripeId(intent_key, 'checkout_session'),
      {},
      callOptions(account),
    );
  } catch (error) {
    needs.log.info({ err: withoutBody(error), intent_key }, 'payment page not closed');
  }
  const outcome = await findHostedPayment(needs, attempt);
  if (outcome.outcome === 'action_required') throw new Error('the payment page was not closed: the outcome is unknown');
  return outcome;
}

/** Returns the page that keeps a card, as it is now. */
export async function retrieveSession(
  { client }: StripeNeeds,
  id: string,
  account: string,
): Promise<Stripe.Checkout.Session> {
  const session = await client.checkout.sessions.retrieve(
    requireStripeId(id, 'checkout_session'),
    {},
    callOptions(account),
  );
  return requireObject(session, 'checkout.session');
}

/**
 * Decides by the payment behind a page. One of a page that has ended unpaid is canceled first: the page of the bank may
 * still be open, and must not confirm it after the order was refused.
 */
async function outcomeOfPage(
  needs: StripeNeeds,
  session: Stripe.Checkout.Session,
  attempt: HostedAttempt,
): Promise<ChargeOutcome> {
  const { account } = attempt;
  if (session.status === 'open') return actionOf(session, account);
  const id = idOf(session.payment_intent);
  if (session.status === 'expired' && id === null) return abandoned;
  if ((session.status !== 'expired' && session.status !== 'complete') || id === null)
    throw new Error('a payment page without a payment: the outcome is unknown');
  const found = await retrieveIntent(needs, id, account);
  const intent = session.status === 'complete' || isOver(found) ? found : await cancelIntent(needs, account, found);
  const outcome = outcomeOfIntent(needs, intent, account);
  if (outcome === null || outcome.outcome === 'action_required')
    throw new Error('a payment page has ended and its payment has not: the outcome is unknown');
  const accepted = acceptOfTerms(intent, attempt, outcome);
  if (accepted !== outcome)
    needs.log.error(
      { intent_key: intent.id, amount: intent.amount, unit: intent.currency, wanted: attempt.amount },
      'a payment page took another amount than its order asks for: it goes back',
    );
  return accepted;
}

function actionOf({ id, url }: Stripe.Checkout.Session, account: string): ActionRequiredOutcome {
  if (url === null) throw new Error('an open payment page has no address');
  return {
    outcome: 'action_required',
    intent_key: id,
    client_secret: null,
    account,
    redirect_url: url,
    is_hosted: true,
  };
}

function endOf({ clock }: StripeNeeds): number {
  return Math.floor(clock.now().getTime() / 1000) + LIFE_S;
}

function withQuery(url: string, query: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
