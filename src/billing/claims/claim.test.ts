import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanId } from '#platform/db/db-schema';
import {
  type ClaimRefusal,
  codeExpiry,
  isClaimCode,
  isClaimOf,
  openSeats,
  type PaidSeat,
  refuseClaim,
} from './claim.ts';

const at = new Date('2026-03-10T15:00:00Z');
const [first, second] = [1 as PlanId, 2 as PlanId];
const seat: PaidSeat = { plan_id: first, amount: 2000, is_paid: true, is_paid_offline: false, refunded_amount: 0 };

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
        { ...seat, plan_id: second },
      ],
      null,
    ],
    [1, [], 'claim_refunded'],
  ];
  for (const [left_ms, seats, refusal] of cases) {
    assert.equal(refuseClaim({ expires_at: new Date(at.getTime() + left_ms), revoked_at: null }, seats, at), refusal);
  }
});

test('a claim code has 40 hexadecimal digits; pasted blanks and capitals are accepted', () => {
  assert.ok(isClaimCode(` ${'0aF9'.repeat(10)}\u200b`));
  for (const text of ['DIS50', 'a'.repeat(39), 'g'.repeat(40), '']) assert.equal(isClaimCode(text), false);
});

test('revoking closes free seats; a paid seat is closed by its refund and is open again when the refund failed', () => {
  const revoked = { expires_at: new Date(at.getTime() + 1), revoked_at: at };
  assert.deepEqual(openSeats(revoked, [{ ...seat, amount: 0 }]), []);
  assert.equal(refuseClaim(revoked, [{ ...seat, amount: 0 }], at), 'claim_revoked');
  assert.equal(refuseClaim(revoked, [{ ...seat, refunded_amount: 2000 }], at), 'claim_revoked');
  assert.equal(refuseClaim(revoked, [seat], at), null);
});

test('a code is valid for the days of the setting', () => {
  assert.equal(codeExpiry(at, { seat_code_days: 1 }).toISOString(), '2026-03-11T15:00:00.000Z');
  assert.equal(codeExpiry(at, { seat_code_days: 90 }).toISOString(), '2026-06-08T15:00:00.000Z');
});

test('a claim belongs to the user who verified its address, in any spelling', () => {
  const claim = { email: 'ann@xn--bcher-kva.example' };
  const user = { email: 'Ann@bücher.example', email_verified_at: at };
  assert.ok(isClaimOf(claim, user));
  assert.ok(!isClaimOf(claim, { ...user, email_verified_at: null }));
  assert.ok(!isClaimOf(claim, { ...user, email: 'bob@example.com' }));
  assert.ok(!isClaimOf(claim, { email: null, email_verified_at: null }));
});
