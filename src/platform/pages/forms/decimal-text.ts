import { numberFormatter } from '#kernel/formatters';
/** Marks with which a locale writes numbers. */
interface NumberMarks {
  readonly decimal: string;
  readonly group: string;
}

const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const MINUS_SIGNS = /^[-\u2212\u2010-\u2013\ufe63\uff0d]/;
/** Blanks and apostrophes only group digits, in every locale. */
const GROUP_ONLY = /(?<=\d)[\s\u00a0\u2009\u202f'\u2019\u066c](?=\d)/g;
/** What may stand before the first grouping mark: `1.000` is 1 in English and 1000 in German. */
const AMBIGUOUS_LEFT = /^[1-9]\d{0,2}$/;
const ARABIC_DECIMAL = '\u066b';
const marksByLocale = new Map<string, NumberMarks>();

/** A decimal number as digits: exact for any length. */
export interface DecimalDigits {
  readonly negative: boolean;
  /** Without leading zeros; `0` for numbers below 1. */
  readonly whole: string;
  /** Without trailing zeros. */
  readonly fraction: string;
}

/**
 * Reads a decimal number as a person of a locale writes it; null for any other text.
 *
 * The marks are those of the locale: `1.121` is 1121 in German and has three decimals in English. `59.00` and
 * `1,121.20`, a point before exactly two digits, are read in every locale, because no locale groups two last digits.
 * `1.000` with the decimal mark of the locale is null: the person may have meant a thousand.
 */
export function readDecimalText(text: string, locale: string): DecimalDigits | null {
  const plain = toAsciiDigits(text.replace(DIRECTION_MARKS, '').trim());
  const negative = MINUS_SIGNS.test(plain);
  const { decimal, group } = marksOf(locale);
  const unsigned = plain.replace(MINUS_SIGNS, '').trim().replaceAll(ARABIC_DECIMAL, decimal);
  return (
    splitDigits(unsigned, { decimal, group }, negative) ??
    (/\.\d{2}$/.test(unsigned) ? splitDigits(unsigned, { decimal: '.', group: ',' }, negative) : null)
  );
}

/** Writes a number of 1/10^`places` with the decimal mark of a locale, without grouping: 112120 → `1121.20`. */
export function writeDecimalText(amount: number, places: number, locale: string): string {
  const digits = String(Math.abs(amount)).padStart(places + 1, '0');
  const sign = amount < 0 ? '-' : '';
  if (places === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -places)}${marksOf(locale).decimal}${digits.slice(-places)}`;
}

/** Returns a decimal number in 1/10^`places`; null if it has more decimals or is not a safe integer. */
export function toInteger({ negative, whole, fraction }: DecimalDigits, places: number): number | null {
  if (fraction.length > places) return null;
  const size = Number(`${whole}${fraction.padEnd(places, '0')}`);
  if (!Number.isSafeInteger(size)) return null;
  return negative && size !== 0 ? -size : size;
}

function splitDigits(text: string, { decimal, group }: NumberMarks, negative: boolean): DecimalDigits | null {
  const parts = text.split(decimal);
  if (parts.length > 2) return null;
  const [left = '', right = ''] = parts;
  if (AMBIGUOUS_LEFT.test(left) && /^\d{3}$/.test(right)) return null;
  const whole = ungroup(left, group);
  if (whole === null || !/^\d*$/.test(right) || (whole === '' && right === '')) return null;
  return { negative, whole: whole.replace(/^0+(?=\d)/, '') || '0', fraction: right.replace(/0+$/, '') };
}

/** Removes the grouping marks; null where a mark stands in a place in which no locale groups digits. */
function ungroup(text: string, group: string): string | null {
  const marked = text.replace(GROUP_ONLY, group);
  if (!marked.includes(group)) return /^\d*$/.test(marked) ? marked : null;
  const groups = marked.split(group);
  // India groups two digits above the thousands.
  const isGrouped = groups.every((digits, index) =>
    index === 0
      ? /^\d{1,3}$/.test(digits)
      : index === groups.length - 1
        ? /^\d{3}$/.test(digits)
        : /^\d{2,3}$/.test(digits),
  );
  return isGrouped ? groups.join('') : null;
}

/** Code points of the zeros of the scripts that are in use for numbers; each is followed by its nine other digits. */
// oxfmt-ignore
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0];

/** Converts the digits of other scripts, such as Arabic-Indic and full-width ones. */
function toAsciiDigits(text: string): string {
  return text.normalize('NFKC').replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    const zero = ZEROS.find((each) => code >= each && code <= each + 9);
    return zero === undefined ? digit : String(code - zero);
  });
}

function marksOf(locale: string): NumberMarks {
  const found = marksByLocale.get(locale);
  if (found !== undefined) return found;
  const parts = numberFormat(locale).formatToParts(1_234_567.5);
  const decimal = parts.some(({ type, value }) => type === 'decimal' && value === ',') ? ',' : '.';
  // Other grouping marks, such as blanks, are read in every locale.
  const marks = { decimal, group: decimal === ',' ? '.' : ',' };
  if (marksByLocale.size < 1000) marksByLocale.set(locale, marks);
  return marks;
}

function numberFormat(locale: string): Intl.NumberFormat {
  try {
    return numberFormatter(locale, {});
  } catch {
    return numberFormatter('en', {}); // not a language tag
  }
}
