/** A refusal by the issuer or the risk check, in the fields of Stripe's error; absent fields are absent on the wire. */
export interface Decline {
  readonly code: 'authentication_required' | 'card_declined' | 'expired_card' | 'incorrect_cvc' | 'processing_error';
  readonly decline_code?: string;
  readonly advice_code?: 'try_again_later' | 'do_not_try_again';
  readonly message: string;
}

/** When the issuer asks the cardholder to authenticate before a charge. */
export type Authentication = 'never' | 'always' | 'unless_set_up' | 'on_session' | 'when_requested';

/** What the emulator does with a card. Every field but the first three is absent for a card that is simply paid. */
export interface TestCard {
  /** Permanent key: stored with the payment method instead of the number. */
  readonly key: string;
  readonly number: string;
  /** X of `pm_card_X` and `tok_X`. */
  readonly names: readonly string[];
  readonly brand?: 'amex' | 'diners' | 'discover' | 'jcb' | 'mastercard' | 'unionpay';
  readonly funding?: 'debit' | 'prepaid';
  /** ISO 3166-1 alpha-2 of the issuer; US when absent. */
  readonly country?: string;
  readonly authentication?: Authentication;
  /** The charge is refused, after authentication if the card asks for one. */
  readonly declined?: Decline;
  /** The refusal comes from Stripe's risk check: `outcome.type` is `blocked` and no issuer was asked. */
  readonly blocked_by?: 'rule' | 'highest_risk_level';
  readonly risk?: 'elevated' | 'highest';
  /** Saving the card succeeds, fails like a charge, or asks first. */
  readonly attach?: 'declined' | 'asks';
  readonly cvc_check?: 'fail';
  /** The money is available without the delay of the account. */
  readonly available_at_once?: true;
  /** Disputes that follow the payment. */
  readonly disputes?: readonly { readonly reason: string; readonly inquiry?: true }[];
  readonly fraud_warning?: true;
  readonly refund?: 'pending' | 'fails';
}

/** A delayed method: the payment stays `processing`, then ends like this. */
export interface TestBankAccount {
  readonly id: string;
  readonly outcome: 'paid' | 'insufficient_funds';
}

const declined: Decline = {
  code: 'card_declined',
  decline_code: 'generic_decline',
  message: 'Your card was declined.',
};
const insufficient: Decline = {
  code: 'card_declined',
  decline_code: 'insufficient_funds',
  advice_code: 'try_again_later',
  message: 'Your card has insufficient funds.',
};
const lost: Decline = { ...declined, decline_code: 'lost_card', advice_code: 'do_not_try_again' };
const stolen: Decline = { ...lost, decline_code: 'stolen_card' };
const expired: Decline = { code: 'expired_card', message: 'Your card has expired.' };
const wrong_cvc: Decline = { code: 'incorrect_cvc', message: "Your card's security code is incorrect." };
const processing: Decline = {
  code: 'processing_error',
  message: 'An error occurred while processing your card. Try again in a little bit.',
};
const velocity: Decline = { ...declined, decline_code: 'card_velocity_exceeded' };
const fraudulent: Decline = { ...declined, decline_code: 'fraudulent' };

const refused = (key: string, number: string, name: string, decline: Decline): TestCard => ({
  key,
  number,
  names: [name, `visa_${name}`],
  declined: decline,
  attach: 'declined',
});

/** Stripe's test cards. One row is one behaviour; the numbers are public and belong to no account. */
// oxfmt-ignore
export const test_cards: readonly TestCard[] = [
  { key: 'visa', number: '4242424242424242', names: ['visa'] },
  { key: 'visa_debit', number: '4000056655665556', names: ['visa_debit'], funding: 'debit' },
  { key: 'mastercard', number: '5555555555554444', names: ['mastercard'], brand: 'mastercard' },
  { key: 'mastercard_2_series', number: '2223003122003222', names: [], brand: 'mastercard' },
  { key: 'mastercard_debit', number: '5200828282828210', names: ['mastercard_debit'], brand: 'mastercard', funding: 'debit' },
  { key: 'mastercard_prepaid', number: '5105105105105100', names: ['mastercard_prepaid'], brand: 'mastercard', funding: 'prepaid' },
  { key: 'amex', number: '378282246310005', names: ['amex'], brand: 'amex' },
  { key: 'discover', number: '6011111111111117', names: ['discover'], brand: 'discover' },
  { key: 'diners', number: '3056930009020004', names: ['diners'], brand: 'diners' },
  { key: 'jcb', number: '3566002020360505', names: ['jcb'], brand: 'jcb' },
  { key: 'unionpay', number: '6200000000000005', names: ['unionpay'], brand: 'unionpay' },
  { key: 'bypass_pending', number: '4000000000000077', names: ['bypassPending'], available_at_once: true },

  refused('declined', '4000000000000002', 'chargeDeclined', declined),
  refused('insufficient_funds', '4000000000009995', 'chargeDeclinedInsufficientFunds', insufficient),
  refused('lost', '4000000000009987', 'chargeDeclinedLostCard', lost),
  refused('stolen', '4000000000009979', 'chargeDeclinedStolenCard', stolen),
  refused('expired', '4000000000000069', 'chargeDeclinedExpiredCard', expired),
  refused('incorrect_cvc', '4000000000000127', 'chargeDeclinedIncorrectCvc', wrong_cvc),
  refused('processing_error', '4000000000000119', 'chargeDeclinedProcessingError', processing),
  refused('velocity', '4000000000006975', 'chargeDeclinedVelocityLimitExceeded', velocity),
  { key: 'customer_fail', number: '4000000000000341', names: ['chargeCustomerFail'], declined },

  { key: 'radar_block', number: '4100000000000019', names: ['radarBlock'], declined: fraudulent, blocked_by: 'rule', risk: 'highest' },
  { key: 'highest_risk', number: '4000000000004954', names: ['riskLevelHighest'], declined: fraudulent, blocked_by: 'highest_risk_level', risk: 'highest' },
  { key: 'elevated_risk', number: '4000000000009235', names: ['riskLevelElevated'], risk: 'elevated' },
  { key: 'cvc_fail', number: '4000000000000101', names: ['cvcCheckFail'], cvc_check: 'fail' },

  { key: 'asks_unless_set_up', number: '4000002500003155', names: ['authenticationRequiredOnSetup'], country: 'FR', authentication: 'unless_set_up', attach: 'asks' },
  { key: 'always_asks', number: '4000002760003184', names: ['authenticationRequired'], country: 'DE', authentication: 'always', attach: 'asks' },
  { key: 'asks_on_session', number: '4000003800000446', names: ['authenticationRequiredSetupForOffSession'], country: 'IT', authentication: 'on_session' },
  { key: 'asks_then_insufficient', number: '4000008260003178', names: ['authenticationRequiredChargeDeclinedInsufficientFunds'], country: 'GB', authentication: 'on_session', declined: insufficient, attach: 'asks' },
  { key: '3ds2_required', number: '4000000000003220', names: ['threeDSecure2Required'], authentication: 'always', attach: 'asks' },
  { key: '3ds_required', number: '4000000000003063', names: ['threeDSecureRequired'], authentication: 'always', attach: 'asks' },
  { key: '3ds_optional', number: '4000000000003055', names: ['threeDSecureOptional'], authentication: 'when_requested' },
  { key: '3ds_then_declined', number: '4000008400001629', names: ['threeDSecureRequiredChargeDeclined'], authentication: 'always', declined, attach: 'asks' },
  // The lookup of the directory server fails, so that the cardholder is never asked.
  { key: '3ds_processing_error', number: '4000008400001280', names: ['threeDSecureRequiredProcessingError'], declined: processing, attach: 'declined' },

  { key: 'dispute', number: '4000000000000259', names: ['createDispute'], disputes: [{ reason: 'fraudulent' }] },
  { key: 'dispute_not_received', number: '4000000000002685', names: ['createDisputeProductNotReceived'], disputes: [{ reason: 'product_not_received' }] },
  { key: 'dispute_inquiry', number: '4000000000001976', names: ['createDisputeInquiry'], disputes: [{ reason: 'fraudulent', inquiry: true }] },
  { key: 'two_disputes', number: '4000000404000079', names: ['createMultipleDisputes'], disputes: [{ reason: 'fraudulent' }, { reason: 'product_not_received' }] },
  { key: 'fraud_warning', number: '4000000000005423', names: ['createIssuerFraudRecord'], fraud_warning: true },
  { key: 'refund_pending', number: '4000000000007726', names: ['pendingRefund'], refund: 'pending' },
  { key: 'refund_fails', number: '4000000000005126', names: ['refundFail'], refund: 'fails' },
];

/** Payment methods that are no cards, by their permanent ids. */
export const test_bank_accounts: readonly TestBankAccount[] = [
  { id: 'pm_usBankAccount_success', outcome: 'paid' },
  { id: 'pm_usBankAccount_insufficientFunds', outcome: 'insufficient_funds' },
];

const by_number = new Map(test_cards.map((card) => [card.number, card]));
const by_key = new Map(test_cards.map((card) => [card.key, card]));
const by_name = new Map(test_cards.flatMap((card) => card.names.map((name) => [name, card] as const)));

/** Returns the test card with this number of digits only. */
export function findCardByNumber(number: string): TestCard | undefined {
  return by_number.get(number);
}

/** Returns the test card that was stored under this key. */
export function findCardByKey(key: string): TestCard | undefined {
  return by_key.get(key);
}

/** Returns the card of a permanent id: `pm_card_visa`, `tok_visa`. Each use makes a new payment method. */
export function findMagicCard(id: string): TestCard | undefined {
  const [, name = ''] = /^(?:pm_card|tok)_(\w+)$/.exec(id) ?? [];
  return by_name.get(name);
}

/** Returns the bank account of a permanent id. */
export function findMagicBankAccount(id: string): TestBankAccount | undefined {
  return test_bank_accounts.find((account) => account.id === id);
}
