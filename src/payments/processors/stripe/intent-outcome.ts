import type { Stripe } from 'stripe';
import type { Account } from '../account.ts';
import type { AcceptedOutcome, ChargeOutcome, DeclinedOutcome, SavedCard } from '../processor.ts';
import { classify } from './classify.ts';
import { evidenceOf, readCard, readCharge } from './charge-facts.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** Parts of a payment intent that a call expands, so that one answer has the charge, what it brought, and the card. */
export const INTENT_PARTS = ['latest_charge.balance_transaction', 'payment_method'];

/** Stripe keeps its fee when a charge is refunded or disputed. */
export const RETURNS_FEE = false;

/** Payment methods that are decided days later: their failure follows an accepted payment. */
const DELAYED: ReadonlySet<string> = new Set([
  'acss_debit',
  'au_becs_debit',
  'bacs_debit',
  'boleto',
  'customer_balance',
  'konbini',
  'multibanco',
  'oxxo',
  'sepa_debit',
  'us_bank_account',
]);

/** A payment that its payer did not make in time, or gave up. */
export const abandoned: DeclinedOutcome = {
  outcome: 'declined',
  kind: 'authenticate',
  code: 'abandoned',
  detail: 'The payment was not confirmed in time.',
};

/**
 * Returns the outcome of a payment intent; null if it never tried to take money. Throws for a status that Stripe adds
 * later: the outcome is then unknown.
 */
export function outcomeOfIntent(
  needs: StripeNeeds,
  intent: Stripe.PaymentIntent,
  account: Account,
): ChargeOutcome | null {
  const error = intent.last_payment_error;
  switch (intent.status) {
    case 'succeeded':
    case 'processing':
      return acceptedOutcome(needs, intent, account);
    case 'requires_action':
      return {
        outcome: 'action_required',
        intent_key: intent.id,
        client_secret: intent.client_secret ?? '',
        account,
        redirect_url: intent.next_action?.redirect_to_url?.url ?? null,
      };
    case 'requires_payment_method':
      if (error === null) return null;
      if (hasFailedLater(intent)) return acceptedOutcome(needs, intent, account);
      return { ...declinedWith(needs, error), open_intent_key: intent.id };
    case 'requires_confirmation':
      return null;
    case 'canceled':
      return error === null ? abandoned : declinedWith(needs, error);
    case 'requires_capture':
      // Tollgate never asks for it.
      return {
        ...classify({ code: 'intent_unusable', decline_code: '', advice_code: '' }),
        open_intent_key: intent.id,
      };
    default:
      throw new Error(`payment intent with the unknown status ${intent.status}: the outcome is unknown`);
  }
}

function declinedWith(needs: StripeNeeds, error: Stripe.PaymentIntent.LastPaymentError): DeclinedOutcome {
  const { code = '', decline_code = '', advice_code = '' } = error;
  return classify({ code, decline_code, advice_code }, needs.onUnknown);
}

/** True if the payment was accepted as pending and failed since. */
function hasFailedLater({ latest_charge }: Stripe.PaymentIntent): boolean {
  if (latest_charge === null || typeof latest_charge === 'string') return false;
  return DELAYED.has(latest_charge.payment_method_details?.type ?? '');
}

function acceptedOutcome(needs: StripeNeeds, intent: Stripe.PaymentIntent, account: Account): AcceptedOutcome {
  const charge = intent.latest_charge;
  if (charge === null || typeof charge === 'string') throw new Error('a paid intent came without its charge');
  const type = charge.payment_method_details?.type ?? 'card';
  const card = type === 'card' ? charge.payment_method_details?.card : null;
  return {
    outcome: intent.status === 'succeeded' && !DELAYED.has(type) ? 'succeeded' : 'pending',
    processor_key: charge.id,
    evidence: evidenceOf(readCharge(charge, [], { account, onUnknown: needs.onUnknown }), RETURNS_FEE),
    card: readCard(type, card, charge.billing_details.name),
    saved: savedCard(intent, account),
  };
}

/** Returns the card that the intent put on file; null if the request did not ask for it. */
function savedCard(intent: Stripe.PaymentIntent, account: Account): SavedCard | null {
  const [customer_key, method_key] = [idOf(intent.customer), idOf(intent.payment_method)];
  if (intent.setup_future_usage !== 'off_session' || customer_key === null || method_key === null) return null;
  return { account, customer_key, method_key };
}

/** Returns the id of an object that an answer has expanded or only names. */
export function idOf(object: string | { id: string } | null): string | null {
  return typeof object === 'string' || object === null ? object : object.id;
}
