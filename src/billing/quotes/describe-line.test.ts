import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LineFacts, describeLine } from './describe-line.ts';

const month: LineFacts = {
  kind: 'period',
  plan_title: 'Open space',
  use_title: null,
  quantity: 1,
  periods_count: 1,
  period_type: 'monthly',
  covers_to: new Date('2026-04-10T03:00:00Z'),
  discounts: null,
  coupon_code: null,
  beneficiary_name: null,
};

test('the text of a line names the plan title, the periods and the last day', () => {
  assert.equal(describeLine(month), 'Open space, 1 month until Apr 10, 2026');
  assert.equal(
    describeLine({
      ...month,
      periods_count: 12,
      discounts: 'a 10% discount',
      coupon_code: 'HALF',
      beneficiary_name: 'Bob',
    }),
    'Open space, 12 months until Apr 10, 2026, a 10% discount (coupon HALF), for Bob',
  );
  const seat = { ...month, covers_to: null, beneficiary_name: 'Bob' };
  assert.equal(describeLine(seat), 'Open space, 1 month, for Bob', 'the time of a seat begins when it is claimed');
});

test('the day is in the time zone and language of the reader', () => {
  assert.equal(describeLine(month, { timezone: 'America/Los_Angeles' }), 'Open space, 1 month until Apr 9, 2026');
  assert.match(describeLine(month, { lang: 'de' }), /until 10\.04\.2026$/);
  assert.equal(describeLine(month, { lang: '?', timezone: 'Nowhere/Land' }), 'Open space, 1 month until Apr 10, 2026');
});

test('the texts of uses, fees and balances name titles', () => {
  assert.equal(describeLine({ ...month, kind: 'use', use_title: 'Print', quantity: 30 }), '30 × Print, Open space');
  assert.equal(describeLine({ ...month, kind: 'setup' }), 'Setup fee for Open space');
  assert.equal(describeLine({ ...month, kind: 'balance' }), 'Balance due on Open space');
});
