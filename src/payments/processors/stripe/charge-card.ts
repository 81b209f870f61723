import type { Stripe } from 'stripe';
import { cutText } from '#kernel/text';
import type { ChargeOutcome, ChargeRequest, Payer, SavedCard } from '../processor.ts';
import { toStripe } from './amounts.ts';
import { classify } from './classify.ts';
import { declinedBy, isAccessDenied, isRefused, withoutBody } from './declined-by.ts';
import { withCustomer } from './ensure-customer.ts';
import { HOSTED_PAGE, openPaymentPage } from './hosted-page.ts';
import { INTENT_PARTS, outcomeOfIntent } from './intent-outcome.ts';
import { chargeNamed } from './intents/named-intent.ts';
import { paymentFacts } from './site-facts.ts';
import { suffixOf, suffixParam } from './statement-suffix.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** Longest description at Stripe. */
const DESCRIPTION_MAX = 500;

/**
 * Creates and confirms a payment in one call, under the key of the attempt. The key is in the metadata too, where
 * `findByKey` looks for it.
 */
export async function chargeCard(needs: StripeNeeds, request: ChargeRequest): Promise<ChargeOutcome> {
  const { source } = request;
  try {
    if ('saved' in source) return await chargeSaved(needs, request, source.saved);
    if ('intent' in source) return await chargeNamed(needs, request, source.intent);
    const { token, remember } = source;
    // Stripe shows the address of the customer on its page. The payment is found by the page, not by the customer.
    if (token === HOSTED_PAGE && request.payer.is_hidden === true)
      return await openPaymentPage(needs, request, false, null, request.key);
    if (token === HOSTED_PAGE)
      return await withCustomer(needs, request, (customer, key) =>
        openPaymentPage(needs, request, remember, customer, key),
      );
    const method = await methodOf(needs, request, token);
    if (method === null) return unusableToken;
    return await withCustomer(needs, request, (customer, key) => confirm(needs, request, customer, method, key));
  } catch (error) {
    if (isRefused(error)) return declinedBy(needs, error);
    if (request.account === '' || !isAccessDenied(error)) throw error;
    // Stripe carries out nothing on an account without access. A later order is charged on the platform.
    needs.log.error({ err: withoutBody(error), account: request.account }, 'no access to a connected account');
    return classify({ code: 'account_invalid', decline_code: '', advice_code: '' });
  }
}

/**
 * Charges a card on file. A card of the platform is cloned for a charge on a connected account; the clone is used once
 * and is attached to no customer.
 */
async function chargeSaved(needs: StripeNeeds, request: ChargeRequest, saved: SavedCard): Promise<ChargeOutcome> {
  const { account, key } = request;
  const customer = requireStripeId(saved.customer_key, 'customer');
  const payment_method = requireStripeId(saved.method_key, 'method');
  if (saved.account === account) return confirm(needs, request, customer, { payment_method });
  if (saved.account !== '') throw new Error('a card of one connected account cannot be used on another');
  const clone = await needs.client.paymentMethods.create(
    { customer, payment_method },
    callOptions(account, `${key}:clone`),
  );
  const method = { payment_method: requireObject(clone, 'payment_method').id };
  return withCustomer(needs, request, (own, own_key) => confirm(needs, request, own, method, own_key));
}

export const unusableToken = classify({ code: 'token_unusable', decline_code: '', advice_code: '' });

type Method = Pick<Stripe.PaymentIntentCreateParams, 'confirmation_token' | 'payment_method'>;

/** Returns the parameter that names the token; null for a token that Stripe cannot charge. */
export async function methodOf(
  { client }: StripeNeeds,
  { account, key }: { account: string; key: string },
  token: string,
): Promise<Method | null> {
  if (isStripeId(token, 'confirmation_token')) return { confirmation_token: token };
  if (isStripeId(token, 'method')) return { payment_method: token };
  if (!isStripeId(token, 'token')) return null;
  const params = { type: 'card', card: { token } } as const;
  const method = await client.paymentMethods.create(params, callOptions(account, `${key}:method`));
  return { payment_method: requireObject(method, 'payment_method').id };
}

/** Proof that the payer agreed to keep the card; empty without a browser. */
export function mandateOf({ browser }: Payer) {
  if (browser === null) return {};
  const { ip: ip_address, user_agent } = browser;
  const online = { ip_address, user_agent: cutText(user_agent, DESCRIPTION_MAX) || 'unknown' };
  return { mandate_data: { customer_acceptance: { type: 'online' as const, online } } };
}

async function confirm(
  needs: StripeNeeds,
  request: ChargeRequest,
  customer: string,
  method: Method,
  key = request.key,
): Promise<ChargeOutcome> {
  const { account, broker_fee_amount, payer, source, description, off_session, unit } = request;
  const remember = 'token' in source && source.remember;
  const intent = await needs.client.paymentIntents.create(
    {
      ...method,
      amount: toStripe(request),
      currency: unit,
      customer,
      confirm: true,
      // With the default the answer has no balance transaction, so the charge could not be booked with it.
      capture_method: 'automatic',
      ...(off_session
        ? { off_session, automatic_payment_methods: { enabled: true, allow_redirects: 'never' as const } }
        : { automatic_payment_methods: { enabled: true }, return_url: payer.return_url }),
      ...(broker_fee_amount === 0 ? {} : { application_fee_amount: toStripe({ amount: broker_fee_amount, unit }) }),
      ...(remember ? { setup_future_usage: 'off_session' as const, ...mandateOf(payer) } : {}),
      ...(description === '' ? {} : { description: cutText(description, DESCRIPTION_MAX) }),
      ...suffixParam(await suffixOf(needs, request.provider_id)),
      metadata: await paymentFacts(needs, request),
      expand: INTENT_PARTS,
    },
    callOptions(account, key),
  );
  const outcome = outcomeOfIntent(needs, requireObject(intent, 'payment_intent'), account);
  if (outcome === null) throw new Error('a confirmed payment was not tried: the outcome is unknown');
  return outcome;
}
