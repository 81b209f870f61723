import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptCard, brandOf, fingerprintOf, refuseCard, type CardEntry } from './card-entry.ts';

const now = new Date('2026-11-27T12:00:00Z');
const valid: CardEntry = { number: '4242424242424242', exp_month: '12', exp_year: '2030', cvc: '123' };

// oxfmt-ignore
const cases: [name: string, change: Partial<CardEntry>, code: string | null, param: string | null][] = [
  ['a test card', {}, null, null],
  ['blanks and hyphens in the number', { number: '4242 4242-4242 4242' }, null, null],
  ['a year of two digits', { exp_year: '30' }, null, null],
  ['numbers instead of texts', { exp_month: 12, exp_year: 2030 }, null, null],
  ['a card without a security code', { cvc: undefined }, null, null],
  ['a card that expires this month', { exp_month: '11', exp_year: '2026' }, null, null],
  ['a wrong check digit', { number: '4242424242424241' }, 'incorrect_number', 'number'],
  ['letters', { number: '4242abcd42424242' }, 'invalid_number', 'number'],
  ['an empty number', { number: '' }, 'invalid_number', 'number'],
  ['20 digits', { number: '42424242424242424242' }, 'invalid_number', 'number'],
  ['month 13', { exp_month: '13' }, 'invalid_expiry_month', 'exp_month'],
  ['month 0', { exp_month: '0' }, 'invalid_expiry_month', 'exp_month'],
  ['a month with a fraction', { exp_month: '1.5' }, 'invalid_expiry_month', 'exp_month'],
  ['a past year', { exp_year: '2025' }, 'invalid_expiry_year', 'exp_year'],
  ['a year in a hundred years', { exp_year: '2126' }, 'invalid_expiry_year', 'exp_year'],
  ['last month', { exp_month: '10', exp_year: '2026' }, 'invalid_expiry_month', 'exp_month'],
  ['a security code of two digits', { cvc: '99' }, 'invalid_cvc', 'cvc'],
  ['an empty security code', { cvc: '' }, 'invalid_cvc', 'cvc'],
  ['an amex security code of three digits', { number: '378282246310005' }, 'invalid_cvc', 'cvc'],
  ['an amex security code of four digits', { number: '378282246310005', cvc: '1234' }, null, null],
  ['another valid number', { number: '4111111111111111' }, 'card_declined', 'number'],
];
for (const [name, change, code, param] of cases) {
  test(`${name} is ${code === null ? 'accepted' : `refused with ${code}`}`, () => {
    const refusal = refuseCard({ ...valid, ...change }, now);
    assert.deepEqual([refusal?.code ?? null, refusal?.param ?? null], [code, param]);
  });
}

test('a number that is no test card is refused as a live card', () => {
  const refusal = refuseCard({ ...valid, number: '4111111111111111' }, now);
  assert.equal(refusal?.decline_code, 'test_mode_live_card');
  assert.ok(!JSON.stringify(refusal).includes('4111'));
});

test('an accepted card keeps the last four digits, the expiry and the behaviour', () => {
  const { test_card, ...kept } = acceptCard({ ...valid, number: '4000 0000 0000 9995', exp_year: '31' });
  assert.deepEqual(kept, { last4: '9995', exp_month: 12, exp_year: 2031, has_cvc: true });
  assert.equal(test_card.key, 'insufficient_funds');
});

test('a fingerprint is equal for one number in one account and under one key only', () => {
  const print = fingerprintOf('4242424242424242', '', 'a');
  assert.match(print, /^[A-Za-z0-9]{16}$/);
  assert.equal(fingerprintOf('4242 4242 4242 4242', '', 'a'), print);
  for (const [number, account, key] of [
    ['4242424242424242', 'acct_1', 'a'],
    ['4242424242424242', '', 'b'],
    ['4000056655665556', '', 'a'],
  ] as const) {
    assert.notEqual(fingerprintOf(number, account, key), print);
  }
});

test('the brand follows from the first digits', () => {
  const brands = ['4', '51', '2221', '2720', '2721', '34', '3095', '3528', '6011', '62', '9'].map(brandOf);
  assert.equal(
    brands.join(' '),
    'visa mastercard mastercard mastercard unknown amex diners jcb discover unionpay unknown',
  );
});
