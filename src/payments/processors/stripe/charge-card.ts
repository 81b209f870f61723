import type { Stripe } from 'stripe';
import { cutText } from '#kernel/text';
import type { ChargeOutcome, ChargeRequest, Payer } from '../processor.ts';
import { toStripe } from './amounts.ts';
import { classify } from './classify.ts';
import { declinedBy, isRefused } from './declined-by.ts';
import { withCustomer } from './ensure-customer.ts';
import { INTENT_PARTS, outcomeOfIntent } from './intent-outcome.ts';
import { statementSuffix } from './statement-suffix.ts';
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
  if ('saved' in source) {
    const { customer_key, method_key } = source.saved;
    const method = { payment_method: requireStripeId(method_key, 'method') };
    return confirm(needs, request, requireStripeId(customer_key, 'customer'), method).catch((error: unknown) =>
      declinedBy(needs, error),
    );
  }
  try {
    const method = await methodOf(needs, request, source.token);
    if (method === null) return unusableToken;
    return await withCustomer(needs, request, (customer, key) => confirm(needs, request, customer, method, key));
  } catch (error) {
    if (isRefused(error)) return declinedBy(needs, error);
    throw error;
  }
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
  const { account, payer, source, description, off_session, unit } = request;
  const remember = 'token' in source && source.remember;
  const statement_descriptor_suffix = statementSuffix(description);
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
      ...(remember ? { setup_future_usage: 'off_session' as const, ...mandateOf(payer) } : {}),
      ...(description === '' ? {} : { description: cutText(description, DESCRIPTION_MAX) }),
      ...(statement_descriptor_suffix === undefined ? {} : { statement_descriptor_suffix }),
      metadata: {
        tollgate_site: await needs.installation(),
        tollgate_attempt: request.key,
        tollgate_profile: String(payer.profile_id),
      },
      expand: INTENT_PARTS,
    },
    callOptions(account, key),
  );
  const outcome = outcomeOfIntent(needs, requireObject(intent, 'payment_intent'), account);
  if (outcome === null) throw new Error('a confirmed payment was not tried: the outcome is unknown');
  return outcome;
}
