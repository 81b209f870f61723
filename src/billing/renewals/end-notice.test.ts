import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardEnd, decideNotice, noticeSpan } from './end-notice.ts';

const ends_at = new Date('2026-03-25T10:00:00Z');
const absent = null;
const valid = { exp_date: '2026-03-01' };
const expired = { exp_date: '2026-02-01' };

// The table of docs/spec/billing.md 5.6, one row each.
for (const [auto_renew, renewal_type, card, notice] of [
  [true, 'auto-renew', absent, 'payment_method_absent'],
  [true, 'auto-renew', expired, 'card_expires_soon'],
  [true, 'auto-renew', valid, null],
  [false, 'one-time', absent, 'subscription_upgrade'],
  [false, 'one-time', valid, 'subscription_upgrade'],
  [false, 'repeat', absent, 'expires_soon'],
  [false, 'repeat', valid, 'expires_soon'],
  [false, 'auto-renew', absent, null],
  [false, 'auto-renew', valid, null],
  [true, 'one-time', absent, null],
  [true, 'repeat', absent, null],
] as const)
  test(`auto_renew ${auto_renew}, plan ${renewal_type}, card ${card?.exp_date ?? 'none'}: ${notice ?? 'no notice'}`, () => {
    assert.equal(decideNotice({ auto_renew, ends_at }, { renewal_type, period_amount: 9000 }, card), notice);
  });

test('a card is valid to the last day of its month', () => {
  assert.equal(cardEnd('2026-03-01').toISOString(), '2026-04-01T00:00:00.000Z');
  assert.equal(cardEnd('2026-12-01').toISOString(), '2027-01-01T00:00:00.000Z');
});

test('a free plan needs no card', () => {
  assert.equal(
    decideNotice({ auto_renew: true, ends_at }, { renewal_type: 'auto-renew', period_amount: 0 }, null),
    null,
  );
});

test('each end falls into the span of exactly one day', () => {
  const first = noticeSpan(new Date('2026-03-10T09:00:00Z'), 15);
  const next = noticeSpan(new Date('2026-03-11T09:00:00Z'), 15);
  assert.deepEqual(first.to, next.from);
  assert.equal(first.from.toISOString(), '2026-03-25T09:00:00.000Z');
});
