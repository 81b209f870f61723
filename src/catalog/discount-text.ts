import { readDecimalText, toInteger, writeDecimalText } from '#platform/pages/forms/decimal-text';
import type { DiscountType } from './discount.ts';

/** Reads the value of a discount as written: `12.5`, `5.00`, or `2` of free periods; null for other texts. */
export function readDiscountText(typed: string, type: DiscountType, locale: string): number | null {
  const digits = readDecimalText(typed.replace('%', ''), locale);
  return digits === null || digits.negative ? null : toInteger(digits, type === 'period' ? 0 : 2);
}

/** Writes the value of a discount for a field of a form. */
export function writeDiscountText(type: DiscountType, value: number, locale: string): string {
  return type === 'period' ? String(value) : writeDecimalText(value, 2, locale);
}
