import type { Stripe } from 'stripe';
import type { ProfileId } from '#platform/db/db-schema';
import {
  INTENT_DIFFERS,
  type IntentRef,
  type IntentTerms,
  type NamedIntent,
  type TakenPayment,
} from '../../intents.ts';
import type { ChargeRef } from '../../processor-refund.ts';
import type { ChargeOutcome, ChargeRequest, DeclinedOutcome } from '../../processor.ts';
import { isAccepted } from '../../processor.ts';
import { fromStripe, toStripe } from '../amounts.ts';
import { cancelIntent, retrieveIntent } from '../cancel-intent.ts';
import { classify } from '../classify.ts';
import { findCustomers } from '../../customer-store.ts';
import {
  declinedBy,
  isAccessDenied,
  isMissing,
  isOver,
  isRefused,
  isUnexpectedState,
  withoutBody,
} from '../declined-by.ts';
import { idOf, INTENT_PARTS, outcomeOfIntent } from '../intent-outcome.ts';
import { orderFacts } from '../site-facts.ts';
import { callOptions, isLiveKey, requireObject } from '../stripe-client.ts';
import { isStripeId } from '../stripe-id.ts';
import { STRIPE, type StripeNeeds } from '../stripe-needs.ts';

/** States of a payment with which an order can be paid. */
const USABLE: ReadonlySet<string> = new Set(['requires_confirmation', 'requires_action', 'processing', 'succeeded']);

type PayerIntent = IntentRef & { profile_id: ProfileId };

/** Reads a payment that a client names, without an effect on it. */
export async function findNamedPayment(
  needs: StripeNeeds,
  named: PayerIntent,
): Promise<NamedIntent | 'unknown' | 'foreign'> {
  const { intent_key, account } = named;
  if (!isStripeId(intent_key, 'intent')) return 'unknown';
  let intent: Stripe.PaymentIntent;
  try {
    intent = await retrieveIntent(needs, intent_key, account);
  } catch (error) {
    if (isMissing(error) || (account !== '' && isAccessDenied(error))) return 'unknown';
    throw error;
  }
  const refusal = await refuseObject(needs, intent, named);
  if (refusal !== null) return refusal;
  return {
    intent_key,
    ...termsOf(intent, account),
    attempt_key: intent.metadata['tollgate_attempt'] ?? null,
    is_usable: intent.capture_method === 'automatic' && USABLE.has(intent.status) && !isGivenBack(intent),
    taken: takenOf(intent, account),
  };
}

/** True if a payment was refunded or disputed at Stripe before an order had it: its money goes back to its payer. */
function isGivenBack({ latest_charge: charge }: Stripe.PaymentIntent): boolean {
  return charge !== null && typeof charge !== 'string' && (charge.amount_refunded > 0 || charge.disputed);
}

/** Parts of a payment and of a card to keep that say whose they are. */
interface OwnedObject {
  livemode: boolean;
  metadata: Stripe.Metadata | null;
  customer: string | { id: string } | null;
}

/** Returns why a payer may not use an object of an account; null if it is the payer's own. */
export async function refuseObject(
  needs: StripeNeeds,
  { livemode, metadata, customer }: OwnedObject,
  { account, profile_id }: { account: string; profile_id: ProfileId },
): Promise<'unknown' | 'foreign' | null> {
  if (livemode !== isLiveKey(needs.settings.secret_key)) return 'unknown';
  if (metadata?.['tollgate_site'] !== (await needs.installation())) return 'foreign';
  const owner = idOf(customer);
  const own = await findCustomers(needs.db, { profile_id, processor: STRIPE, account });
  return own.some(({ customer_key }) => customer_key === owner) ? null : 'foreign';
}

/**
 * Charges a payment that the payer named: confirms it under the key of the attempt, or takes it as the browser
 * confirmed it. It was checked before the attempt was stored, and is checked again: what was read may have changed.
 *
 * A payment that is declined or takes another amount is canceled: the browser has its secret, and must not confirm it
 * after the order was refused. Rejects while it is not canceled.
 */
export async function chargeNamed(
  needs: StripeNeeds,
  request: ChargeRequest,
  intent_key: string,
): Promise<ChargeOutcome> {
  const { account, payer } = request;
  const intent = await retrieveIntent(needs, intent_key, account);
  if ((await refuseObject(needs, intent, { account, profile_id: payer.profile_id })) !== null) return unusable;
  if (isGivenBack(intent)) return unusable;
  if (!isOfTerms(intent, request))
    return differing(isOver(intent) ? intent : await cancelIntent(needs, account, intent), request);
  const { intent: tried, declined } =
    intent.status === 'requires_confirmation' ? await confirmNamed(needs, request, intent) : { intent, declined: null };
  const outcome = outcomeOfIntent(needs, tried, account);
  if (outcome !== null && outcome.outcome !== 'declined') {
    await nameOrder(needs, request, tried);
    return acceptOfTerms(tried, request, outcome);
  }
  const { open_intent_key: _, ...reason } = declined ?? outcome ?? unusable;
  if (isOver(tried)) return reason;
  const ended = await cancelIntent(needs, account, tried);
  const end = outcomeOfIntent(needs, ended, account);
  return isAccepted(end) ? acceptOfTerms(ended, request, end) : reason;
}

/** How long an order waits for its name at Stripe, which has no effect. */
const NAME_TIMEOUT_MS = 2000;

/**
 * Writes the order on a payment that was prepared before there was one. It never fails: what the payment took is known.
 */
async function nameOrder(
  { client, log }: StripeNeeds,
  { account, order_id }: ChargeRequest,
  { id, metadata }: Stripe.PaymentIntent,
): Promise<void> {
  const names = orderFacts({ order_id });
  if (order_id === null || metadata['tollgate_order'] === names['tollgate_order']) return;
  try {
    const options = { ...callOptions(account), timeout: NAME_TIMEOUT_MS, maxNetworkRetries: 0 };
    await client.paymentIntents.update(id, { metadata: names }, options);
  } catch (error) {
    log.info({ err: withoutBody(error), intent_key: id, order_id }, 'order not named on its payment');
  }
}

const unusable = classify({ code: 'intent_unusable', decline_code: '', advice_code: '' });
const differs = classify({ code: INTENT_DIFFERS, decline_code: '', advice_code: '' });

/** Confirms a payment, and returns it as it is afterwards. */
async function confirmNamed(
  needs: StripeNeeds,
  { account, key, payer }: ChargeRequest,
  { id }: Stripe.PaymentIntent,
): Promise<{ intent: Stripe.PaymentIntent; declined: DeclinedOutcome | null }> {
  try {
    const params = { return_url: payer.return_url, expand: INTENT_PARTS };
    const intent = await needs.client.paymentIntents.confirm(id, params, callOptions(account, key));
    return { intent: requireObject(intent, 'payment_intent'), declined: null };
  } catch (error) {
    // Another call confirmed or canceled it meanwhile: its state decides.
    if (!isRefused(error) && !isUnexpectedState(error)) throw error;
    const declined = isRefused(error) ? declinedBy(needs, error) : null;
    return { intent: await retrieveIntent(needs, id, account), declined };
  }
}

/** Returns an accepted payment, or the refusal of one that took another amount than the order asks for. */
export function acceptOfTerms(intent: Stripe.PaymentIntent, terms: IntentTerms, outcome: ChargeOutcome): ChargeOutcome {
  return !isAccepted(outcome) || isOfTerms(intent, terms) ? outcome : differing(intent, terms);
}

function differing(intent: Stripe.PaymentIntent, { account }: IntentTerms): DeclinedOutcome {
  const taken = takenOf(intent, account);
  return taken === null ? differs : { ...differs, taken };
}

/** True if a payment takes these amounts. Compared in the unit of Stripe, which can be finer. */
function isOfTerms(intent: Stripe.PaymentIntent, { amount, broker_fee_amount, unit }: IntentTerms): boolean {
  const fee = broker_fee_amount === 0 ? 0 : toStripe({ amount: broker_fee_amount, unit });
  return (
    intent.currency === unit &&
    intent.amount === toStripe({ amount, unit }) &&
    (intent.application_fee_amount ?? 0) === fee
  );
}

function termsOf({ amount, currency, application_fee_amount }: Stripe.PaymentIntent, account: string): IntentTerms {
  const broker_fee_amount = fromStripe(application_fee_amount ?? 0, currency).amount;
  return { ...fromStripe(amount, currency), account, broker_fee_amount };
}

/** Returns the money that a payment took, or takes when a delayed method is paid; null if it took none. */
function takenOf(intent: Stripe.PaymentIntent, account: string): TakenPayment | null {
  const charge_key = idOf(intent.latest_charge);
  if ((intent.status !== 'succeeded' && intent.status !== 'processing') || charge_key === null) return null;
  const profile = Number(intent.metadata['tollgate_profile']);
  return {
    intent_key: intent.id,
    charge_key,
    ...termsOf(intent, account),
    profile_id: Number.isSafeInteger(profile) && profile > 0 ? (profile as ProfileId) : null, // written by this adapter
    attempt_key: intent.metadata['tollgate_attempt'] ?? null,
    taken_at: new Date(intent.created * 1000),
  };
}

/** Returns the payment of a charge, if it is of this installation and took money. */
export async function findTaken(
  needs: StripeNeeds,
  { processor_key, account }: ChargeRef,
): Promise<TakenPayment | null> {
  if (!isStripeId(processor_key, 'charge')) return null;
  try {
    const expand = ['payment_intent'];
    const charge = requireObject(
      await needs.client.charges.retrieve(processor_key, { expand }, callOptions(account)),
      'charge',
    );
    const intent = charge.payment_intent;
    if (charge.status === 'failed' || intent === null || typeof intent === 'string') return null;
    if (intent.metadata['tollgate_site'] !== (await needs.installation())) return null;
    const taken = takenOf(intent, account);
    return taken?.charge_key === processor_key ? { ...taken, taken_at: new Date(charge.created * 1000) } : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
