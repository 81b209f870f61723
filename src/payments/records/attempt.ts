import type { Selectable } from 'kysely';
import type { ChargeAttemptsTable } from '#platform/db/db-schema';
import type { ChargeSource } from '../processors/index.ts';

/**
 * The intent to charge, committed before the processor is called.
 *
 * `source` lives in the memory of the request that reserved it and nowhere else: an attempt read back after a crash has none,
 * so it can be asked about but never charged again.
 */
export type Attempt = Selectable<ChargeAttemptsTable> & { source: ChargeSource | null };

/**
 * Least amounts that card networks accept, by currency. Units: 1/100 of the currency.
 * @see https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
 */
// oxfmt-ignore
const MINIMUMS: ReadonlyMap<string, number> = new Map([
  ['gbp', 30], ['aed', 200], ['pln', 200], ['ron', 200], ['myr', 200], ['dkk', 250], ['nok', 300], ['sek', 300],
  ['hkd', 400], ['mxn', 1000], ['thb', 1000], ['czk', 1500], ['huf', 17_500], ['jpy', 5000],
]);

/** Below this the processor's fee can exceed what is charged. */
const MINIMUM_DEFAULT = 50;

/** Least amount that can be charged in a currency. Units: 1/100 of the currency. */
export function chargeMinimum(unit: string): number {
  return MINIMUMS.get(unit) ?? MINIMUM_DEFAULT;
}

/** Above this nobody believes a price; far below what a number holds exactly. Units: 1/100 of any unit. */
export const CHARGE_AMOUNT_MAX = 100_000_000_000;
