import type { DeclinedOutcome, DeclineKind } from '../processor.ts';

/** Why Stripe refused a card, as its errors and its payment intents say it. */
export interface Failure {
  code: string;
  decline_code: string;
  advice_code: string;
}

const GENERIC =
  'Your card was declined. Check the number, the expiry date, the security code and the billing address, or use another card.';
const LATER = 'Your card could not be charged. Try again later, or use another card.';
const OTHER_CARD = 'Your card was declined. Use another card.';

/** Codes by their effect on the next attempt. Values are open: an unknown code counts as `retry`. */
const codes: Readonly<Record<DeclineKind, string>> = {
  authenticate:
    'authentication_required payment_intent_authentication_failure setup_intent_authentication_failure ' +
    'payment_intent_payment_attempt_expired offline_pin_required online_or_offline_pin_required',
  retry:
    'insufficient_funds processing_error try_again_later issuer_not_available reenter_transaction approve_with_id ' +
    'generic_decline do_not_honor call_issuer no_action_taken card_velocity_exceeded withdrawal_count_limit_exceeded ' +
    'not_permitted service_not_allowed transaction_not_allowed security_violation invalid_amount duplicate_transaction ' +
    'card_declined',
  new_card:
    'expired_card incorrect_number invalid_number incorrect_cvc invalid_cvc invalid_expiry_month invalid_expiry_year ' +
    'incorrect_zip incorrect_address card_not_supported currency_not_supported invalid_account ' +
    'new_account_information_available restricted_card pin_try_exceeded testmode_decline test_mode_live_card ' +
    'live_mode_test_card token_unusable token_foreign',
  stop:
    'lost_card stolen_card pickup_card fraudulent merchant_blacklist do_not_try_again revocation_of_authorization ' +
    'revocation_of_all_authorizations stop_payment_order highest_risk_level',
  refused:
    'amount_too_small amount_too_large account_invalid testmode_charges_only application_fees_not_allowed ' +
    'capability_not_active currency_refused platform_account_required intent_unusable intent_unknown intent_foreign intent_differs',
};

const kinds: ReadonlyMap<string, DeclineKind> = new Map(
  (Object.keys(codes) as DeclineKind[]).flatMap((kind) => codes[kind].split(' ').map((code) => [code, kind] as const)),
);

/** The network's advice wins over the code. */
const advised: ReadonlyMap<string, DeclineKind> = new Map([
  ['do_not_try_again', 'stop'],
  ['try_again_later', 'retry'],
  ['confirm_card_data', 'new_card'],
]);

const sentences: ReadonlyMap<string, string> = new Map([
  ['insufficient_funds', 'Your card was declined: there is not enough money on the account.'],
  ['expired_card', 'Your card was declined: it has expired.'],
  ['incorrect_cvc', 'Your card was declined: the security code is not right.'],
  ['invalid_cvc', 'Your card was declined: the security code is not right.'],
  ['incorrect_number', 'This is not the number of a card.'],
  ['invalid_number', 'This is not the number of a card.'],
  ['invalid_expiry_month', 'The month in which the card expires is not right.'],
  ['invalid_expiry_year', 'The year in which the card expires is not right.'],
  ['incorrect_zip', 'Your card was declined: the postal code is not right.'],
  ['incorrect_address', 'Your card was declined: the billing address is not right.'],
  ['currency_not_supported', 'This card does not pay in the currency of the order. Use another card.'],
  ['processing_error', LATER],
  ['try_again_later', LATER],
  ['issuer_not_available', LATER],
  ['authentication_required', 'Your bank wants you to confirm the payment.'],
  ['token_unusable', 'The card details have expired or were used before. Enter the card again.'],
  ['intent_unknown', 'There is no such payment or card to keep.'],
  ['intent_foreign', 'This payment or card to keep is of another customer.'],
  ['intent_unusable', 'This payment or card to keep cannot be used any more. Begin again.'],
  ['intent_differs', 'The payment is of another amount than the order.'],
  ['token_foreign', 'This card belongs to another customer. Enter a card.'],
]);

/** Sentence of a code that `sentences` does not list. */
const byKind: Readonly<Record<DeclineKind, string>> = {
  authenticate: 'Your bank could not confirm the payment.',
  retry: GENERIC,
  new_card: OTHER_CARD,
  stop: OTHER_CARD,
  refused: 'The payment processor refused the payment. You were not charged.',
};

/** Called with a value of Stripe that no table lists. */
export type OnUnknown = (value: string) => void;

/**
 * Returns the decline that a failure is for the payer and for the next attempt. Pure.
 *
 * The outcome of `stop` has a generic code and sentence: the payer may be the thief of a card that is reported lost,
 * stolen or fraudulent.
 */
export function classify(
  { code, decline_code, advice_code }: Failure,
  onUnknown: OnUnknown = () => undefined,
): DeclinedOutcome {
  const named = decline_code || code;
  const byCode = kinds.get(named);
  if (byCode === undefined) onUnknown(named);
  // A card that is reported lost stays reported, also when the network advises a later attempt.
  const kind = byCode === 'stop' ? byCode : (advised.get(advice_code) ?? byCode ?? 'retry');
  if (kind === 'stop') return { outcome: 'declined', kind, code: 'card_declined', detail: OTHER_CARD };
  return { outcome: 'declined', kind, code: named || 'card_declined', detail: sentences.get(named) ?? byKind[kind] };
}
