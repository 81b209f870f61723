import { cutText } from '#kernel/text';
import { sha256Hex } from '#platform/security/crypto';
import type { Card, DeclineKind } from '../processor.ts';

/** Outcome that the test processor gives to a card. */
export type TestOutcome =
  | 'accepted'
  /** Accepted; done or failed only by a decision at `/_dev/processor`. */
  | 'pending'
  /** The payer must confirm; approved or refused by a decision at `/_dev/processor`. */
  | 'action_required'
  /** Accepted; refunds of it stay pending until they are decided. */
  | 'refund_pending'
  /** Charged, but the response is lost. */
  | 'lost_answer'
  /** Charged, but the response takes LATE_RESPONSE_MS. */
  | 'late_answer'
  /** The request does not reach the processor. */
  | 'unreachable'
  | DeclineCode;

export type DeclineCode =
  | 'card_declined'
  | 'insufficient_funds'
  | 'expired_card'
  | 'incorrect_cvc'
  | 'incorrect_number'
  | 'lost_card'
  | 'stolen_card'
  | 'account_closed'
  | 'do_not_try_again'
  | 'fraudulent'
  | 'processing_error'
  | 'authentication_required'
  | 'authentication_failed'
  | 'abandoned';

export interface TestCard extends Card {
  outcome: TestOutcome;
}

// oxfmt-ignore
const tokens: Readonly<Record<string, TestOutcome>> = {
  tok_chargeDeclined: 'card_declined',
  tok_chargeDeclinedInsufficientFunds: 'insufficient_funds',
  tok_chargeDeclinedExpiredCard: 'expired_card',
  tok_chargeDeclinedIncorrectCvc: 'incorrect_cvc',
  tok_chargeDeclinedLostCard: 'lost_card',
  tok_chargeDeclinedStolenCard: 'stolen_card',
  tok_chargeDeclinedFraudulent: 'fraudulent',
  tok_chargeDeclinedProcessingError: 'processing_error',
  tok_chargeAsyncFail: 'pending',
  tok_authenticate: 'action_required',
  tok_refund_pending: 'refund_pending',
  tok_timeout: 'lost_answer',
  tok_slow: 'late_answer',
  tok_unreachable: 'unreachable',
};

/** By the last four digits of a card number. */
// oxfmt-ignore
const numbers: Readonly<Record<string, TestOutcome>> = {
  '0002': 'card_declined',
  '9995': 'insufficient_funds',
  '0069': 'expired_card',
  '0127': 'incorrect_cvc',
  '9987': 'lost_card',
  '9979': 'stolen_card',
  '0119': 'processing_error',
  '0341': 'pending',
};

const STOPPED = 'Your card was declined. Use another card.';

/** Kind of each decline and the sentence for the payer. */
export const declines: Readonly<Record<DeclineCode, { kind: DeclineKind; detail: string }>> = {
  card_declined: {
    kind: 'retry',
    detail:
      'Your card was declined. Check the number, the expiry date, the security code and the billing address, or use another card.',
  },
  insufficient_funds: { kind: 'retry', detail: 'Your card was declined: there is not enough money on the account.' },
  expired_card: { kind: 'new_card', detail: 'Your card was declined: it has expired.' },
  incorrect_cvc: { kind: 'new_card', detail: 'Your card was declined: the security code is not right.' },
  incorrect_number: { kind: 'new_card', detail: 'This is not the number of a card.' },
  // The sentence never says lost, stolen or fraudulent: the buyer may be the thief.
  lost_card: { kind: 'stop', detail: STOPPED },
  stolen_card: { kind: 'stop', detail: STOPPED },
  fraudulent: { kind: 'stop', detail: STOPPED },
  do_not_try_again: { kind: 'stop', detail: STOPPED },
  account_closed: { kind: 'stop', detail: STOPPED },
  processing_error: { kind: 'retry', detail: 'Your card could not be charged. Try again later, or use another card.' },
  authentication_required: { kind: 'authenticate', detail: 'Your bank wants you to confirm the payment.' },
  authentication_failed: { kind: 'authenticate', detail: 'Your bank could not confirm the payment.' },
  abandoned: { kind: 'authenticate', detail: 'The payment was not confirmed in time.' },
};

export function isDecline(outcome: string): outcome is DeclineCode {
  return Object.hasOwn(declines, outcome);
}

/**
 * Reads a token, or the number of a test card, as a card and the outcome of charging it.
 * A form appends the expiry date and the name on the card: `4242424242424242;12/30;Joe Test`.
 * Text that is no sentinel is a good card; a number needs 12 to 19 digits.
 */
export function readTestCard(token: string, at: Date): TestCard {
  const [number = '', expiry = '', name = ''] = token.split(';');
  const digits = number.replace(/[ -]/g, '');
  const is_number = /^[0-9]+$/.test(digits);
  const last4 = is_number ? digits.slice(-4).padStart(4, '0') : '1234';
  const in_a_year = new Date(at.getTime() + 365 * 86_400_000);
  return {
    brand: brandOf(is_number ? digits : token),
    last4,
    exp_date: expiryDate(expiry) ?? `${in_a_year.toISOString().slice(0, 7)}-01`,
    card_name: name.trim() === '' ? 'Joe Test' : cutText(name.trim(), 100),
    fingerprint: sha256Hex(`test card ${is_number ? digits : number}`).slice(0, 16),
    outcome: is_number ? outcomeOfNumber(digits, last4) : outcomeOfToken(token),
  };
}

/**
 * Key of the charge that the token asks for (`tok_named_XAb1` → `ch_XAb1`), for sample data with fixed keys; null if
 * none.
 */
export function namedKey(token: string): string | null {
  const name = /^tok_named_([A-Za-z0-9]{4,40})$/.exec(token)?.[1];
  return name === undefined ? null : `ch_${name}`;
}

/** The first day of the month that a card shows as MM/YY. */
function expiryDate(text: string): string | null {
  const match = /^(0[1-9]|1[0-2])\/([0-9]{2})$/.exec(text);
  return match ? `20${match[2]}-${match[1]}-01` : null;
}

/** Looks up own entries only, because the token is text of the caller: `constructor` is a good card. */
function outcomeOfToken(token: string): TestOutcome {
  return (Object.hasOwn(tokens, token) ? tokens[token] : undefined) ?? 'accepted';
}

function outcomeOfNumber(digits: string, last4: string): TestOutcome {
  if (digits.length < 12 || digits.length > 19) return 'incorrect_number';
  return numbers[last4] ?? 'accepted';
}

function brandOf(text: string): string {
  if (/^(5[1-5]|2[2-7]|tok_mastercard)/.test(text)) return 'mastercard';
  if (/^(3[47]|tok_amex)/.test(text)) return 'amex';
  if (/^(6|tok_discover)/.test(text)) return 'discover';
  return 'visa';
}
