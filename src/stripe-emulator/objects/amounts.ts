import { invalidRequest } from '../engine/index.ts';

const WITHOUT_DECIMALS = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const AMOUNT_MAX = 99_999_999;
const MINIMUM_DEFAULT = 50;
/** Least charge in the smallest unit of the currency. @see https://docs.stripe.com/currencies */
const MINIMUMS: Readonly<Record<string, number>> = {
  aed: 200,
  ron: 200,
  pln: 200,
  myr: 200,
  gbp: 30,
  dkk: 250,
  nok: 300,
  sek: 300,
  hkd: 400, // oxfmt-ignore
  mxn: 1000,
  thb: 1000,
  czk: 1500,
  huf: 17_500,
  jpy: 50,
  krw: 100,
  kwd: 100,
  bhd: 100,
  omr: 100,
  jod: 100,
  tnd: 100,
};
const RATE = 290;
const BASIS = 10_000;
const FIXED = 30;

/** @throws ApiError 400 when a charge of this amount is impossible */
export function assertChargeable(amount: number, currency: string): void {
  const minimum = MINIMUMS[currency] ?? MINIMUM_DEFAULT;
  if (amount < minimum)
    throw invalidRequest(
      'amount_too_small',
      `Amount must be at least ${minimum} ${currency} in the smallest unit.`,
      'amount',
    );
  if (amount > AMOUNT_MAX)
    throw invalidRequest('amount_too_large', `Amount must be no more than ${AMOUNT_MAX} ${currency}.`, 'amount');
}

/** Stripe's fee of a charge: 2.9 % + 30, rounded half up; without the 30 in currencies without decimals. */
export function processingFee(amount: number, currency: string): number {
  const fixed = WITHOUT_DECIMALS.has(currency) ? 0 : FIXED;
  return Math.min(amount, Math.floor((amount * RATE + BASIS / 2) / BASIS) + fixed);
}
