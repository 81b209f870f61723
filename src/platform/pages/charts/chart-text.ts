import { dateFormatter, numberFormatter } from '#kernel/formatters';
import { chargeStep } from '#kernel/money';
import { humanizeMoney } from '../../templates/humanize-money.ts';
import type { ChartPeriod } from './chart.ts';

/** Formats and zone of the reader of a page. */
export interface ChartReader {
  locale: string;
  /** IANA name. */
  timezone: string;
}

/** What the values of a chart are: amounts in 1/100 of a currency, or a number of things. */
export type Amounts = { kind: 'money'; unit: string } | { kind: 'count' };

/** Amount in whole units from which the labels of an axis are shortened: `$1.2M`. */
const COMPACT_FROM = 1_000_000;

/** Smallest distance between two values. */
export function stepOf(amounts: Amounts): number {
  return amounts.kind === 'money' ? chargeStep(amounts.unit) : 1;
}

/** Formats a value completely: `$1,121.20`, `−$54.00`, `1,234`. */
export function formatValue(value: number, amounts: Amounts, locale: string): string {
  if (amounts.kind === 'count') return signed(numberFormatter(locale, {}).format(value));
  return humanizeMoney({ amount: value, unit: amounts.unit }, locale);
}

/** Makes the formatter of the labels of an axis: as short as all of its values permit. */
export function makeTickFormat(ticks: readonly number[], amounts: Amounts, locale: string): (value: number) => string {
  const scale = amounts.kind === 'money' ? 100 : 1;
  const largest = Math.max(...ticks.map((tick) => Math.abs(tick / scale)));
  const is_compact = largest >= COMPACT_FROM;
  const digits = is_compact ? 1 : ticks.every((tick) => tick % scale === 0) ? 0 : 2;
  const options: Intl.NumberFormatOptions = {
    minimumFractionDigits: is_compact ? 0 : digits,
    maximumFractionDigits: digits,
    ...(is_compact ? { notation: 'compact' } : {}),
  };
  const format =
    amounts.kind === 'money' ? currencyFormat(locale, amounts.unit, options) : numberFormatter(locale, options);
  return (value) => signed(format.format(value / scale));
}

interface PeriodNames {
  /** Below the axis: short, the year only where it distinguishes. */
  axis(start: Date): string;
  /** In the table and in sentences. */
  full(start: Date): string;
  /** Noun of one period. */
  noun: string;
}

/** Returns how the periods of a chart are named for its reader. */
export function periodNames(period: ChartPeriod, count: number, { locale, timezone }: ChartReader): PeriodNames {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const dates = dateFormatter(locale, { ...options, timeZone: timezone });
    return (at: Date) => dates.format(at);
  };
  const day = { year: 'numeric', month: 'short', day: 'numeric' } as const;
  const dayOf = format(day);
  switch (period) {
    case 'hour':
      return { axis: format({ hour: 'numeric' }), full: format({ ...day, hour: 'numeric' }), noun: 'hour' };
    case 'day':
      return { axis: format({ month: 'short', day: 'numeric' }), full: dayOf, noun: 'day' };
    case 'week':
      return {
        axis: format({ month: 'short', day: 'numeric' }),
        full: (at) => `week of ${dayOf(at)}`,
        noun: 'week',
      };
    case 'month': {
      const full = format({ month: 'short', year: 'numeric' });
      return { axis: count > 13 ? full : format({ month: 'short' }), full, noun: 'month' };
    }
    case 'year': {
      const full = format({ year: 'numeric' });
      return { axis: full, full, noun: 'year' };
    }
  }
}

function currencyFormat(locale: string, unit: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return numberFormatter(locale, {
    style: 'currency',
    currency: unit.toUpperCase(),
    currencyDisplay: 'narrowSymbol',
    ...options,
  });
}

/** A minus sign in place of a hyphen: it is as wide as a digit. */
function signed(text: string): string {
  return text.replace('-', '−');
}
