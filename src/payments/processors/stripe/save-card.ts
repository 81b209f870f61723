import { Stripe } from 'stripe';
import type { Card, SaveCardOutcome, SaveCardRequest, SavedCard } from '../processor.ts';
import { mandateOf, methodOf, unusableToken } from './charge-card.ts';
import { readCard } from './charge-facts.ts';
import { classify } from './classify.ts';
import { declinedBy, isMissing, isRefused } from './declined-by.ts';
import { withCustomer } from './ensure-customer.ts';
import { HOSTED_PAGE, openCardPage, retrieveSession } from './hosted-page.ts';
import { idOf } from './intent-outcome.ts';
import { refuseObject } from './intents/named-intent.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** How long a setup intent is looked for by its key: as long as Stripe keeps keys. */
const KEPT_S = 86_400;
const PAGE = 100;

/** Newest setup intents of a customer among which one is looked for: more than a payer makes by hand in a day. */
const LOOKED_AT_MAX = 300;

/**
 * Puts a card on file at Stripe. The token is that of a card, or the setup intent or the page of Stripe with which the
 * payer confirmed it after `action_required`. A repeated request has the outcome of the first one as it is now: a card
 * that was removed since is not put back.
 */
export async function saveCard(needs: StripeNeeds, request: SaveCardRequest): Promise<SaveCardOutcome> {
  const { account, payer, token } = request;
  try {
    if (isStripeId(token, 'setup_intent')) return await takeSetup(needs, request);
    if (isStripeId(token, 'checkout_session')) return await takePage(needs, request);
    if (token === HOSTED_PAGE)
      return await withCustomer(needs, request, (customer, key) => openCardPage(needs, request, customer, key));
    const method = await methodOf(needs, request, token);
    if (method === null) return unusableToken;
    const params = {
      ...method,
      confirm: true,
      usage: 'off_session' as const,
      automatic_payment_methods: { enabled: true },
      return_url: payer.return_url,
      ...mandateOf(payer),
      metadata: {
        tollgate_site: await needs.installation(),
        tollgate_profile: String(payer.profile_id),
        tollgate_save: request.key,
      },
      expand: ['payment_method'],
    };
    const intent = await withCustomer(needs, request, (customer, key) =>
      createOnce(needs, { ...params, customer }, { account, key }),
    );
    if (intent === TOO_OLD) return { outcome: 'unknown' };
    if (intent.status === 'succeeded' && !isAttached(intent)) return unusableToken;
    return outcomeOfSetup(needs, intent, account);
  } catch (error) {
    if (isRefused(error)) return declinedBy(needs, error);
    throw error;
  }
}

/** The setup intent of the first request may be older than those that are looked at. */
const TOO_OLD = 'too_old';

/** Creates a setup intent. Returns the one of the first request, as it is now, if this one repeats it. */
async function createOnce(
  needs: StripeNeeds,
  params: Stripe.SetupIntentCreateParams & { customer: string; metadata: { tollgate_save: string } },
  { account, key }: { account: string; key: string },
): Promise<Stripe.SetupIntent | typeof TOO_OLD> {
  try {
    const made = await needs.client.setupIntents.create(params, callOptions(account, key));
    const intent = requireObject(made, 'setup_intent');
    if (made.lastResponse.headers['idempotent-replayed'] !== 'true') return intent;
    return (await findSetup(needs, intent.id, account)) ?? intent;
  } catch (error) {
    // A repeated request can name another address or browser of the payer, and a 500 is repeated for a day.
    const { StripeAPIError, StripeIdempotencyError } = Stripe.errors;
    if (!(error instanceof StripeAPIError || error instanceof StripeIdempotencyError)) throw error;
    const made = await findMade(needs, params, account);
    if (made === null) throw error;
    return made;
  }
}

/** Finds the setup intent with a key of Tollgate among the newest of a customer; null if it was not made. */
async function findMade(
  { client, clock }: StripeNeeds,
  { customer, metadata }: { customer: string; metadata: { tollgate_save: string } },
  account: string,
): Promise<Stripe.SetupIntent | typeof TOO_OLD | null> {
  const created = { gte: Math.floor(clock.now().getTime() / 1000) - KEPT_S };
  const params = { customer, created, limit: PAGE, expand: ['data.payment_method'] };
  let looked_at = 0;
  for await (const intent of client.setupIntents.list(params, callOptions(account))) {
    if (intent.metadata?.['tollgate_save'] === metadata.tollgate_save) return requireObject(intent, 'setup_intent');
    looked_at += 1;
    if (looked_at >= LOOKED_AT_MAX) return TOO_OLD;
  }
  return null;
}

/** Takes the card of a page of Stripe that the browser names, if the page is complete. */
async function takePage(needs: StripeNeeds, request: SaveCardRequest): Promise<SaveCardOutcome> {
  const { status, setup_intent } = await retrieveSession(needs, request.token, request.account);
  const token = idOf(setup_intent);
  if (status !== 'complete' || token === null) return unusableToken;
  return takeSetup(needs, { ...request, token });
}

/** Takes the setup intent that the browser names, if it is of this payer and of this installation. */
async function takeSetup(needs: StripeNeeds, { account, payer, token }: SaveCardRequest): Promise<SaveCardOutcome> {
  const intent = await findSetup(needs, token, account);
  if (intent === null) return refusal('intent_unknown');
  const refused = await refuseObject(needs, intent, { account, profile_id: payer.profile_id });
  if (refused !== null) return refusal(`intent_${refused}`);
  // The card was removed since: the setup stays succeeded, but its card can never be charged again.
  if (intent.status === 'succeeded' && !isAttached(intent)) return refusal('intent_unusable');
  const outcome = outcomeOfSetup(needs, intent, account);
  return outcome === unusableToken ? refusal('intent_unusable') : outcome;
}

async function findSetup({ client }: StripeNeeds, id: string, account: string): Promise<Stripe.SetupIntent | null> {
  try {
    const params = { expand: ['payment_method'] };
    return requireObject(await client.setupIntents.retrieve(id, params, callOptions(account)), 'setup_intent');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function refusal(code: string) {
  return classify({ code, decline_code: '', advice_code: '' });
}

function isAttached({ customer, payment_method: method }: Stripe.SetupIntent): boolean {
  return method !== null && typeof method !== 'string' && idOf(method.customer) === idOf(customer);
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

/** Returns a card on file as it is now; null if it is detached from its customer or deleted. */
export async function retrieveCard(
  { client }: StripeNeeds,
  { account, customer_key, method_key }: SavedCard,
): Promise<Card | null> {
  try {
    const method = requireObject(
      await client.paymentMethods.retrieve(requireStripeId(method_key, 'method'), {}, callOptions(account)),
      'payment_method',
    );
    if (idOf(method.customer) !== customer_key) return null;
    return readCard(method.type, method.card, method.billing_details.name);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
