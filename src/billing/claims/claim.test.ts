import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClaimRefusal, isClaimCode, type PaidSeat, refuseClaim } from './claim.ts';

const at = new Date('2026-03-10T15:00:00Z');
const seat: PaidSeat = { plan_id: 1, amount: 2000, is_paid: true, refunded_amount: 0 };

test('a claim is refused when its code expired, or when none of its seats is paid and kept', () => {
  const cases: [number, PaidSeat[], ClaimRefusal | null][] = [
    [1, [seat], null],
    [0, [seat], 'claim_expired'],
    [1, [{ ...seat, is_paid: false }], 'claim_unpaid'],
    [1, [{ ...seat, refunded_amount: 2000 }], 'claim_refunded'],
    [1, [{ ...seat, refunded_amount: 1999 }], null],
    [1, [{ ...seat, amount: 0 }], null],
    [
      1,
      [
        { ...seat, refunded_amount: 2000 },
        { ...seat, plan_id: 2 },
      ],
      null,
    ],
    [1, [], 'claim_refunded'],
  ];
  for (const [left_ms, seats, refusal] of cases) {
    assert.equal(refuseClaim({ expires_at: new Date(at.getTime() + left_ms) }, seats, at), refusal);
  }
});

test('a claim code has 40 hexadecimal digits; pasted blanks and capitals are accepted', () => {
  assert.ok(isClaimCode(` ${'0aF9'.repeat(10)}\u200b`));
  for (const text of ['DIS50', 'a'.repeat(39), 'g'.repeat(40), '']) assert.equal(isClaimCode(text), false);
});
