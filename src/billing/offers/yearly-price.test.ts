import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '#catalog';
import { findYearlyPrice, findYearlyTwins, twinReductionBps } from './yearly-price.ts';
import { splitDescription } from '#catalog';

const at = new Date('2026-11-25T10:00:00.000Z');
const monthly = {
  title: 'Team Monthly',
  profile_id: 1,
  unit: 'usd',
  is_not_priced: false,
  period_type: 'monthly',
  period_length: 1,
  period_amount: 1000,
  unlock_event: null,
  advance_discounts: [{ id: 1, discount_type: 'percentage', discount_value: 2500, length: 12 }],
} as unknown as Plan; // the members that prices depend on

test('the yearly price of a monthly plan is its advance option of 12 months', () => {
  const found = findYearlyPrice(monthly, at);
  assert.deepEqual([found?.option, found?.priced.amount, found?.reduction_bps], [2, 9000, 2500]);
  assert.equal(findYearlyPrice({ ...monthly, advance_discounts: [] }, at), null);
  assert.equal(findYearlyPrice({ ...monthly, period_type: 'weekly' }, at), null);
});

test('a yearly plan of the same provider, currency and name is the twin of a monthly plan', () => {
  const yearly: Plan = { ...monthly, title: 'Team (yearly)', period_type: 'yearly', period_amount: 10_000 };
  assert.equal(findYearlyTwins([monthly, yearly]).get(monthly), yearly);
  assert.equal(twinReductionBps(monthly, yearly), 1666);
  assert.equal(findYearlyTwins([monthly, { ...yearly, unit: 'eur' }]).size, 0);
  assert.equal(findYearlyTwins([monthly, { ...yearly, title: 'Office yearly' }]).size, 0);
});

test('marked lines of a description are features', () => {
  assert.deepEqual(splitDescription('A desk.\n- Coffee\n* 24-hour access\n\nFor you.'), {
    lead: 'A desk.\nFor you.',
    features: ['Coffee', '24-hour access'],
  });
});
