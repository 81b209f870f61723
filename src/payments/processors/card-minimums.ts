/**
 * Least amounts that card networks accept, by currency. Units: 1/100 of the currency.
 * @see https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
 */
// oxfmt-ignore
const MINIMUMS: ReadonlyMap<string, number> = new Map([
  ['gbp', 30], ['aed', 200], ['pln', 200], ['ron', 200], ['myr', 200], ['dkk', 250], ['nok', 300], ['sek', 300],
  ['hkd', 400], ['mxn', 1000], ['thb', 1000], ['czk', 1500], ['huf', 17_500], ['jpy', 5000],
]);

/** Below this the processor's fee can exceed the amount. */
const MINIMUM_DEFAULT = 50;

/**
 * Least amount that card networks accept in a currency. Units: 1/100 of the currency.
 * @public used by the adapters of processors
 */
export function cardMinimum(unit: string): number {
  return MINIMUMS.get(unit) ?? MINIMUM_DEFAULT;
}
