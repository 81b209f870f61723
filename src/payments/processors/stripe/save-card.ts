import type { Stripe } from 'stripe';
import type { SaveCardOutcome, SaveCardRequest, SavedCard } from '../processor.ts';
import { mandateOf, methodOf, unusableToken } from './charge-card.ts';
import { readCard } from './charge-facts.ts';
import { classify } from './classify.ts';
import { declinedBy, isRefused } from './declined-by.ts';
import { ensureCustomer, withCustomer } from './ensure-customer.ts';
import { idOf } from './intent-outcome.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/**
 * Puts a card on file at Stripe. The token is that of a card, or the setup intent that the payer confirmed after
 * `action_required`.
 */
export async function saveCard(needs: StripeNeeds, request: SaveCardRequest): Promise<SaveCardOutcome> {
  const { account, payer, token } = request;
  try {
    if (isStripeId(token, 'setup_intent')) return await takeSetup(needs, request);
    const method = await methodOf(needs, request, token);
    if (method === null) return unusableToken;
    const params = {
      ...method,
      confirm: true,
      usage: 'off_session' as const,
      automatic_payment_methods: { enabled: true },
      return_url: payer.return_url,
      ...mandateOf(payer),
      metadata: { tollgate_site: await needs.installation(), tollgate_profile: String(payer.profile_id) },
      expand: ['payment_method'],
    };
    const intent = await withCustomer(needs, request, (customer, key) =>
      needs.client.setupIntents.create({ ...params, customer }, callOptions(account, key)),
    );
    return outcomeOfSetup(needs, requireObject(intent, 'setup_intent'), account);
  } catch (error) {
    if (isRefused(error)) return declinedBy(needs, error);
    throw error;
  }
}

/** Takes the setup intent that the browser names, if it is of this payer and of this installation. */
async function takeSetup(needs: StripeNeeds, { account, payer, token }: SaveCardRequest): Promise<SaveCardOutcome> {
  const customer = await ensureCustomer(needs, payer.profile_id, account);
  const intent = requireObject(
    await needs.client.setupIntents.retrieve(token, { expand: ['payment_method'] }, callOptions(account)),
    'setup_intent',
  );
  const isOurs = intent.metadata?.['tollgate_site'] === (await needs.installation());
  if (!isOurs || idOf(intent.customer) !== customer)
    return classify({ code: 'token_foreign', decline_code: '', advice_code: '' });
  // The card was removed since: the setup stays succeeded, but its card can never be charged again.
  if (intent.status === 'succeeded' && !isAttached(intent, customer)) return unusableToken;
  return outcomeOfSetup(needs, intent, account);
}

function isAttached({ payment_method: method }: Stripe.SetupIntent, customer: string): boolean {
  return method !== null && typeof method !== 'string' && idOf(method.customer) === customer;
}

function outcomeOfSetup(needs: StripeNeeds, intent: Stripe.SetupIntent, account: string): SaveCardOutcome {
  const [customer_key, method] = [idOf(intent.customer), intent.payment_method];
  if (intent.status === 'succeeded' && customer_key !== null && method !== null && typeof method !== 'string') {
    const card = readCard(method.type, method.card, method.billing_details.name);
    return { outcome: 'saved', account, customer_key, method_key: method.id, card };
  }
  if (intent.status === 'requires_action') {
    const redirect_url = intent.next_action?.redirect_to_url?.url ?? null;
    const client_secret = intent.client_secret ?? '';
    return { outcome: 'action_required', intent_key: intent.id, client_secret, account, redirect_url };
  }
  const { code = '', decline_code = '', advice_code = '' } = intent.last_setup_error ?? {};
  if (code === '') return unusableToken;
  return classify({ code, decline_code, advice_code }, needs.onUnknown);
}

/** Deletes a card on file. No effect if there is none. */
export async function deleteCard({ client }: StripeNeeds, { account, method_key }: SavedCard): Promise<void> {
  try {
    await client.paymentMethods.detach(requireStripeId(method_key, 'method'), {}, callOptions(account));
  } catch (error) {
    // It was detached or deleted before.
    if (!isRefused(error)) throw error;
  }
}
