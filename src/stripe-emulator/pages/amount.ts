/** Currencies that Stripe counts in hundredths although they have no smaller unit. */
const HUNDREDTHS = new Set(['isk', 'ugx']);

/** Returns an amount as a page shows it. Units: `amount` in Stripe's smallest unit of the currency. */
export function formatAmount(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = HUNDREDTHS.has(currency) ? 2 : (format.resolvedOptions().maximumFractionDigits ?? 2);
  return format.format(amount / 10 ** digits);
}
