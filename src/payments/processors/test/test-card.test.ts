import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedKey, readTestCard } from './test-card.ts';
import { testProcessorFee } from './test-outcomes.ts';

const at = new Date('2026-03-10T15:00:00Z');

test('a token or number that is no sentinel is a good card', () => {
  assert.deepEqual(readTestCard('tok_visa', at), {
    brand: 'visa',
    last4: '1234',
    exp_date: '2027-03-01',
    card_name: 'Joe Test',
    outcome: 'accepted',
    fingerprint: readTestCard('tok_visa', new Date('2026-05-01T00:00:00Z')).fingerprint,
  });
  const print = (token: string) => readTestCard(token, at).fingerprint;
  assert.equal(print('4242 4242 4242 4242;12/30;Ada'), print('4242424242424242'));
  assert.notEqual(print('4242424242424242'), print('5555555555554444'));
  for (const token of ['xyz', 'constructor', 'toString', '__proto__'])
    assert.equal(readTestCard(token, at).outcome, 'accepted', token);
  assert.equal(readTestCard('4242 4242 4242 4242', at).outcome, 'accepted');
  assert.equal(readTestCard('4242424242424242', at).last4, '4242');
  assert.equal(readTestCard('5555555555554444', at).brand, 'mastercard');
});

test('the name on a card is cut between characters', () => {
  const name = (text: string) => readTestCard(`4242424242424242;12/30;${text}`, at).card_name;
  assert.equal(name(`${'a'.repeat(99)}😀`), 'a'.repeat(99));
  assert.equal(name(`${'a'.repeat(98)}😀`), `${'a'.repeat(98)}😀`);
});

test('sentinels decide the outcome of a card', () => {
  const outcome = (token: string) => readTestCard(token, at).outcome;
  assert.equal(outcome('4000000000000002'), 'card_declined');
  assert.equal(outcome('tok_chargeDeclined'), 'card_declined');
  assert.equal(outcome('4000000000009995'), 'insufficient_funds');
  assert.equal(outcome('4000000000000069'), 'expired_card');
  assert.equal(outcome('4000000000000127'), 'incorrect_cvc');
  assert.equal(outcome('4000000000000341'), 'pending');
  assert.equal(outcome('tok_chargeAsyncFail'), 'pending');
  assert.equal(outcome('tok_timeout'), 'lost_answer');
  assert.equal(outcome('tok_unreachable'), 'unreachable');
  assert.equal(outcome('4242'), 'incorrect_number');
  assert.equal(outcome('42424242424242424242'), 'incorrect_number');
});

test('a token may name the charge', () => {
  assert.equal(namedKey('tok_named_XAb124EF'), 'ch_XAb124EF');
  assert.equal(namedKey('tok_visa'), null);
});

test('§2.6 the fee is 2.9 % rounded half up, and 30', () => {
  const table = [
    [0, 0],
    [50, 31],
    [500, 45],
    [1000, 59],
    [2000, 88],
    [2900, 114],
    [4900, 172],
    [5000, 175],
    [10000, 320],
    [17999, 552],
    [18900, 578],
    [24900, 752],
    [28900, 868],
    [97200, 2849],
  ] as const;
  for (const [amount, fee] of table) assert.equal(testProcessorFee(amount), fee);
});
