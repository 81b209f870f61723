import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDecimalText, toInteger, writeDecimalText } from './decimal-text.ts';

const locales = [
  'en-US',
  'en-GB',
  'en-IN',
  'en-ZA',
  'de-DE',
  'de-CH',
  'fr-FR',
  'es-ES',
  'pl-PL',
  'sv-SE',
  'ar-EG',
  'fa-IR',
  'hi-IN',
  'ja-JP',
  'pt-BR',
];

const read = (text: string, locale = 'en-US') => {
  const digits = readDecimalText(text, locale);
  return digits === null ? null : toInteger(digits, 2);
};

test('an amount that a locale writes is read as the same integer', () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.constantFrom(...locales),
      fc.boolean(),
      fc.constantFrom('native', 'latn'),
      (amount, locale, useGrouping, digits) => {
        const exact = `${amount < 0 ? '-' : ''}${writeDecimalText(Math.abs(amount), 2, 'en-US')}`;
        const format = new Intl.NumberFormat(digits === 'latn' ? `${locale}-u-nu-latn` : locale, {
          minimumFractionDigits: 2,
          useGrouping,
        });
        // A text keeps every digit; a number would lose the last ones.
        const written = format.format(exact as Intl.StringNumericLiteral);
        assert.equal(read(written, locale), amount, `${locale}: ${written}`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a text that a field prints is read as the same integer', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.constantFrom(...locales), (amount, locale) => {
      assert.equal(read(writeDecimalText(amount, 2, locale), locale), amount);
    }),
  );
});

const cases: [text: string, locale: string, amount: number | null][] = [
  ['59', 'en-US', 5900],
  ['59.00', 'en-US', 5900],
  ['59.', 'en-US', 5900],
  ['.5', 'en-US', 50],
  ['1,121.20', 'en-US', 112_120],
  ['1121.2', 'en-US', 112_120],
  ['1 121.20', 'en-US', 112_120],
  ["1'121.20", 'de-CH', 112_120],
  ['1.121,20', 'de-DE', 112_120],
  ['1.121', 'de-DE', 112_100],
  ['1121,20', 'de-DE', 112_120],
  ['59.00', 'de-DE', 5900],
  ['1,121.20', 'de-DE', 112_120],
  ['1 121,20', 'fr-FR', 112_120],
  ['12,34,567.89', 'en-IN', 123_456_789],
  ['١٬١٢١٫٢٠', 'ar-EG', 112_120],
  ['１２．５０', 'ja-JP', 1250],
  ['\u2212' + '5.00', 'en-US', -500],
  ['\u200f-5.00', 'en-US', -500],
  ['-0.00', 'en-US', 0],
  ['1.000', 'en-US', null],
  ['1.500', 'en-US', null],
  ['1,000', 'de-DE', null],
  ['1,500', 'fr-FR', null],
  ['0.500', 'en-US', 50],
  ['1,234.500', 'en-US', 123_450],
  ['1234.500', 'en-US', 123_450],
  ['0.005', 'en-US', null],
  ['59,00', 'en-US', null],
  ['1.121.20', 'en-US', null],
  ['1,12.20', 'en-US', null],
  ['1,121', 'de-DE', null],
  ['', 'en-US', null],
  ['.', 'en-US', null],
  ['-', 'en-US', null],
  ['1e3', 'en-US', null],
  ['0x10', 'en-US', null],
  ['Infinity', 'en-US', null],
  ['--5', 'en-US', null],
  ['5-', 'en-US', null],
  ['1,', 'en-US', null],
  [',100', 'en-US', null],
  ['90071992547409.92', 'en-US', null],
  ['9'.repeat(60), 'en-US', null],
];

test('a text is read by the marks of the locale, or refused', () => {
  for (const [text, locale, amount] of cases) assert.equal(read(text, locale), amount, `${locale}: ${text}`);
});

test('an unknown locale is read as English', () => {
  assert.equal(read('1,121.20', 'not a locale'), 112_120);
});
