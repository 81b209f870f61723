import { createHmac } from 'node:crypto';
import { findCardByNumber, type TestCard } from './test-cards.ts';

/** A card as a buyer or a client typed it. */
export interface CardEntry {
  readonly number: string;
  readonly exp_month: string | number;
  readonly exp_year: string | number;
  readonly cvc?: string | undefined;
}

/** A refused entry, in the fields of Stripe's `card_error` (402). */
export interface CardRefusal {
  readonly code:
    | 'card_declined'
    | 'incorrect_number'
    | 'invalid_cvc'
    | 'invalid_expiry_month'
    | 'invalid_expiry_year'
    | 'invalid_number';
  readonly decline_code?: 'test_mode_live_card';
  readonly message: string;
  readonly param: 'number' | 'exp_month' | 'exp_year' | 'cvc';
}

/** A card that was accepted. It does not contain the number. */
export interface AcceptedCard {
  readonly test_card: TestCard;
  readonly last4: string;
  readonly exp_month: number;
  readonly exp_year: number;
  readonly has_cvc: boolean;
}

const NUMBER = /^\d{12,19}$/;
const YEARS_MAX = 50;
const CENTURY = 100;
const FINGERPRINT_LENGTH = 16;

/** Returns the first reason why an entry is refused at `now`, in the order of Stripe's checks, or null. */
export function refuseCard(entry: CardEntry, now: Date): CardRefusal | null {
  const number = plainDigits(entry.number);
  if (!NUMBER.test(number)) {
    return { code: 'invalid_number', message: 'The card number is not a valid credit card number.', param: 'number' };
  }
  if (!isLuhnValid(number)) {
    return { code: 'incorrect_number', message: 'Your card number is incorrect.', param: 'number' };
  }
  return refuseExpiry(entry, now) ?? refuseCvc(entry, number) ?? refuseLiveCard(number);
}

/** Returns a card that `refuseCard` does not refuse, without its number. */
export function acceptCard(entry: CardEntry): AcceptedCard {
  const number = plainDigits(entry.number);
  const test_card = findCardByNumber(number);
  if (!test_card) throw new Error('the entry was not checked by refuseCard');
  return {
    test_card,
    last4: number.slice(-4),
    exp_month: Number(entry.exp_month),
    exp_year: fullYear(Number(entry.exp_year)),
    has_cvc: (entry.cvc ?? '') !== '',
  };
}

/** True when the last digit is the check digit of the others (ISO/IEC 7812-1, annex B). */
export function isLuhnValid(number: string): boolean {
  let sum = 0;
  for (let index = 0; index < number.length; index++) {
    const digit = Number(number[number.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Returns the brand as Stripe names it, by the ranges of the issuers. */
export function brandOf(number: string): string {
  if (number.startsWith('4')) return 'visa';
  if (/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/.test(number)) return 'mastercard';
  if (/^3[47]/.test(number)) return 'amex';
  if (/^(?:30[0-5]|309|36|38|39)/.test(number)) return 'diners';
  if (/^35(?:2[89]|[3-8])/.test(number)) return 'jcb';
  if (/^(?:6011|64[4-9]|65)/.test(number)) return 'discover';
  if (/^(?:62|81)/.test(number)) return 'unionpay';
  return 'unknown';
}

/** Returns a keyed hash of a card: equal for equal numbers of one account, and of no use to find the number. */
export function fingerprintOf(number: string, account: string, key: string): string {
  const hash = createHmac('sha256', key)
    .update(`${account}:${plainDigits(number)}`)
    .digest('base64');
  return hash.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, FINGERPRINT_LENGTH);
}

function refuseExpiry({ exp_month, exp_year }: CardEntry, now: Date): CardRefusal | null {
  const month = wholeNumber(exp_month);
  const year = fullYear(wholeNumber(exp_year));
  const this_year = now.getUTCFullYear();
  if (!(month >= 1 && month <= 12)) {
    return monthRefusal("Your card's expiration month is invalid.");
  }
  if (!(year >= this_year && year <= this_year + YEARS_MAX)) {
    return { code: 'invalid_expiry_year', message: "Your card's expiration year is invalid.", param: 'exp_year' };
  }
  if (year === this_year && month < now.getUTCMonth() + 1) {
    return monthRefusal("Your card's expiration month is in the past.");
  }
  return null;
}

function monthRefusal(message: string): CardRefusal {
  return { code: 'invalid_expiry_month', message, param: 'exp_month' };
}

function refuseCvc({ cvc }: CardEntry, number: string): CardRefusal | null {
  if (cvc === undefined) return null;
  const digits = brandOf(number) === 'amex' ? /^\d{4}$/ : /^\d{3}$/;
  if (digits.test(cvc.trim())) return null;
  return { code: 'invalid_cvc', message: "Your card's security code is invalid.", param: 'cvc' };
}

/** Refuses every number that is not a test card, so that a real card is never charged, stored or logged. */
function refuseLiveCard(number: string): CardRefusal | null {
  if (findCardByNumber(number)) return null;
  return {
    code: 'card_declined',
    decline_code: 'test_mode_live_card',
    message: 'Your card was declined. Your request was in test mode, but used a non test card.',
    param: 'number',
  };
}

function plainDigits(number: string): string {
  return number.replaceAll(/[\s-]/g, '');
}

/** Two digits are a year of this century. */
function fullYear(year: number): number {
  return year >= 0 && year < CENTURY ? 2000 + year : year;
}

function wholeNumber(value: string | number): number {
  return /^\d{1,4}$/.test(String(value).trim()) ? Number(value) : Number.NaN;
}
