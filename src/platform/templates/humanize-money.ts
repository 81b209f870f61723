import { formatDecimal, isCurrency } from '#kernel/money';
import { formattersOf } from './formatters.ts';

const MINUS = '\u2212';

const currencyFormats = formattersOf(
  (locale, variant) => {
    const [currency = '', decimals = '2'] = variant.split(' ');
    return new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: Number(decimals),
      maximumFractionDigits: Number(decimals),
    });
  },
  { locale: 'en-US', variant: 'USD 2' },
);

const numberFormats = formattersOf(
  (locale) => new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  { locale: 'en-US', variant: '' },
);

/**
 * Formats an amount in 1/100 of a unit for the locale: `$1,121.20`, `−$54.00`; exact for every safe integer.
 *
 * Currencies without decimals are written without, unless the amount has some. `whole` leaves out two zeros (`$59`).
 * A unit of the form `-usd` also means negative. Without unit the number alone; '' for anything but an amount.
 */
export function humanizeMoney(
  money: { amount: unknown; unit: unknown },
  locale: string,
  { whole = false }: { whole?: boolean } = {},
): string {
  const { amount } = money;
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount)) return '';
  const given = typeof money.unit === 'string' ? money.unit.toLowerCase() : '';
  const unit = given.replace(/^-/, '');
  const is_negative = amount < 0 || (amount !== 0 && given.startsWith('-'));
  const digits = formatDecimal(Math.abs(amount)) as Intl.StringNumericLiteral; // digits, a point, two digits
  const text = unsigned(digits, unit, locale, whole && amount % 100 === 0);
  return is_negative ? `${MINUS}${text}` : text;
}

/** Formats one amount for each unit as a list of the locale: `$21,480.12 and ¥5,900`. */
export function humanizeSums(sums: readonly { amount: number; unit: string }[], locale: string): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(sums.map((sum) => humanizeMoney(sum, locale)));
}

function unsigned(digits: Intl.StringNumericLiteral, unit: string, locale: string, is_whole: boolean): string {
  if (!isCurrency(unit)) {
    const number = numberFormats(locale, '').format(digits);
    return unit === '' ? number : `${number} ${unit.toUpperCase()}`;
  }
  const has_decimals = currencyDecimals(unit) > 0 || !digits.endsWith('.00');
  return currencyFormats(locale, `${unit.toUpperCase()} ${is_whole || !has_decimals ? 0 : 2}`).format(digits);
}

/** Returns the number of decimals in which prices of a currency are written. */
const currencyDecimals = (() => {
  const known = new Map<string, number>();
  return (unit: string): number => {
    const decimals =
      known.get(unit) ??
      new Intl.NumberFormat('en-US', { style: 'currency', currency: unit }).resolvedOptions().maximumFractionDigits ??
      2;
    known.set(unit, decimals);
    return decimals;
  };
})();
