import { formatDecimal, formatSignedMoney } from '#kernel/money';
import { dayOf } from './day-range.ts';

/** A column of a download. `amount` is in 1/100 of `unit`; null is an empty cell. */
export type CsvColumn<Row> = { readonly heading: string } & (
  | { readonly kind: 'text'; readonly value: (row: Row) => string | null }
  | { readonly kind: 'number'; readonly value: (row: Row) => number | null }
  /** `-356.00` */
  | { readonly kind: 'decimal'; readonly value: (row: Row) => number | null }
  /** `-$356.00` */
  | { readonly kind: 'money'; readonly value: (row: Row) => { amount: number; unit: string } | null }
  /** `2026-11-26`, a day of the zone of the list. */
  | { readonly kind: 'day'; readonly value: (row: Row) => Date | null }
  /** `2026-11-26T14:30:00.000Z` */
  | { readonly kind: 'instant'; readonly value: (row: Row) => Date | null }
);

/** Returns the text of a cell. */
export function csvCell<Row>(column: CsvColumn<Row>, row: Row, timezone: string): string {
  switch (column.kind) {
    case 'text':
      return withoutFormula(column.value(row) ?? '');
    case 'number':
      return textOr(column.value(row), String);
    case 'decimal':
      return textOr(column.value(row), formatDecimal);
    case 'money':
      return textOr(column.value(row), moneyCell);
    case 'day':
      return textOr(column.value(row), (at) => dayOf(at, timezone));
    case 'instant':
      return textOr(column.value(row), (at) => at.toISOString());
  }
}

/**
 * Prefixes `'` to a text that a spreadsheet would run as a formula: it begins with `=`, `+`, `-` or `@`, also in full
 * width, with a tab or a line end, or with spaces before one of these. So does a part of the text after `;` or a tab: a
 * spreadsheet that separates cells by them begins a cell there.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function withoutFormula(text: string): string {
  // Text stands before the separator: the first cell is prefixed below.
  const parts = text.replaceAll(/(?<=\S\s*)([;\t]\s*)([=+\-@＝＋－＠])/g, "$1'$2");
  return /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/.test(parts) ? `'${parts}` : parts;
}

function moneyCell(money: { amount: number; unit: string }): string {
  // A unit is a currency code: its amount begins with a symbol, a digit or a minus sign. Any other text is not trusted.
  return /^[a-z]{3}$/i.test(money.unit) ? formatSignedMoney(money) : withoutFormula(formatSignedMoney(money));
}

function textOr<Value>(value: Value | null, format: (value: Value) => string): string {
  return value === null ? '' : format(value);
}
