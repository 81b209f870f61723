import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#kernel/problem';
import { isFuture, isLuhn, readCardForm } from './card-form.ts';

const at = new Date('2026-03-10T15:00:00Z');
const good = { card_name: 'Mira; Walker', card_number: '4242 4242 4242 4242', card_exp: '3/2026', card_cvc: '123' };

test('a card is valid until the end of its month', () => {
  assert.equal(isFuture('03/26', new Date('2026-03-31T23:59:59Z')), true);
  assert.equal(isFuture('03/26', new Date('2026-04-01T00:00:00Z')), false);
  for (const text of ['13/30', '00/30', '1230', '', '12/3', 'ab/cd']) assert.equal(isFuture(text, at), false, text);
});

test('a card number with one wrong digit is refused without a call to the processor', () => {
  assert.equal(isLuhn('4242424242424242'), true);
  assert.equal(isLuhn('4242424242424243'), false);
});

test('the fields become one token, and a name cannot add a part to it', () => {
  assert.equal(readCardForm(good, at), '4242424242424242;03/26;Mira  Walker');
});

test('each invalid field is named', () => {
  const findInvalidFields = (fields: object) => {
    try {
      readCardForm({ ...good, ...fields }, at);
    } catch (error) {
      if (error instanceof Problem) return Object.keys(error.fields ?? {});
      throw error;
    }
    return [];
  };
  assert.deepEqual(findInvalidFields({ card_number: '4242' }), ['card_number']);
  assert.deepEqual(findInvalidFields({ card_exp: '02/26' }), ['card_exp']);
  assert.deepEqual(findInvalidFields({ card_cvc: '12' }), ['card_cvc']);
  assert.deepEqual(findInvalidFields({ card_name: ' ' }), ['card_name']);
  assert.deepEqual(findInvalidFields({ card_number: ['4242'] }), ['card_number']);
});
