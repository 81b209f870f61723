import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubscriptionId } from '#platform/db/db-schema';
import { planRenewals, renewalSpan } from './renewal.ts';

type Given = Parameters<typeof planRenewals>[1];
const monthly: Given = {
  period_amount: 9000,
  period_type: 'monthly',
  period_length: 1,
  unit: 'usd',
  renewal_type: 'auto-renew',
  is_not_priced: false,
};

function renew(plan: Partial<Given>, anchor: string, ends: string, at: string, quantity = 1) {
  const subscription = { id: 1 as SubscriptionId, anchor_at: new Date(anchor), ends_at: new Date(ends), quantity };
  return planRenewals(subscription, { ...monthly, ...plan }, new Date(at));
}

const ends = (renewals: ReturnType<typeof renew>) =>
  renewals.map(({ covers_to }) => covers_to.toISOString().slice(0, 16));

test('a renewal is due from 24 hours before the end, inclusive', () => {
  assert.equal(renew({}, '2026-01-10T10:00Z', '2026-02-10T10:00Z', '2026-02-09T09:59:59Z').length, 0);
  assert.equal(renew({}, '2026-01-10T10:00Z', '2026-02-10T10:00Z', '2026-02-09T10:00:00Z').length, 1);
});

test('month ends do not drift: each period is counted from the anchor', () => {
  const anchor = '2026-01-31T10:00Z';
  let end = '2026-02-28T10:00Z';
  const seen: string[] = [];
  for (let month = 0; month < 4; month += 1) {
    const [renewal] = renew({}, anchor, end, end);
    assert.ok(renewal);
    end = renewal.covers_to.toISOString();
    seen.push(end.slice(0, 10));
  }
  assert.deepEqual(seen, ['2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30']);
});

test('a plan period of several natural periods is renewed whole, at the price of today times the quantity', () => {
  const [renewal] = renew({ period_length: 3 }, '2026-01-10T10:00Z', '2026-04-10T10:00Z', '2026-04-10T09:00Z', 5);
  assert.equal(renewal?.periods_count, 3);
  assert.equal(renewal.amount, 45_000);
  assert.equal(renewal.covers_to.toISOString(), '2026-07-10T10:00:00.000Z');
});

test('a subscription that lapsed is renewed until it ends more than 24 hours later', () => {
  const daily = renew({ period_type: 'daily' }, '2026-01-01T10:00Z', '2026-01-05T10:00Z', '2026-01-08T10:00Z');
  assert.deepEqual(ends(daily), [
    '2026-01-06T10:00',
    '2026-01-07T10:00',
    '2026-01-08T10:00',
    '2026-01-09T10:00',
    '2026-01-10T10:00',
  ]);
  assert.equal(
    renew({ period_type: 'hourly' }, '2026-01-01T10:00Z', '2026-01-05T10:00Z', '2026-01-05T10:00Z').length,
    25,
  );
});

test('one-time plans and plans without a price are not renewed', () => {
  for (const plan of [{ renewal_type: 'one-time' as const }, { is_not_priced: true }])
    assert.equal(renew(plan, '2026-01-10T10:00Z', '2026-02-10T10:00Z', '2026-02-10T09:00Z').length, 0);
});

test('the ends of due subscriptions begin after the lapse, and include the next 24 hours', () => {
  const { since, until } = renewalSpan(new Date('2026-02-09T10:00:00Z'), 7);
  assert.equal(since.toISOString(), '2026-02-02T10:00:00.000Z');
  assert.equal(until.toISOString(), '2026-02-10T10:00:00.000Z');
});
