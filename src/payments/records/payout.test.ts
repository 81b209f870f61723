import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decidePayoutStep, payoutSubject, type Payout } from './payout.ts';

const step = (state: Payout['state'], seen: 'pending' | 'paid' | 'failed', processor_key: string | null = 'po_1') =>
  decidePayoutStep({ state, processor_key }, seen);

test('a payout is booked when it is first seen, and returned when it fails after that', () => {
  assert.deepEqual(step('reserved', 'pending', null), { to: 'pending', books: 'sent' });
  assert.deepEqual(step('reserved', 'paid', null), { to: 'paid', books: 'sent' });
  assert.deepEqual(step('reserved', 'failed', null), { to: 'failed', books: null });
  assert.deepEqual(step('pending', 'paid'), { to: 'paid', books: null });
  assert.deepEqual(step('pending', 'failed'), { to: 'failed', books: 'returned' });
  assert.deepEqual(step('paid', 'failed'), { to: 'failed', books: 'returned' });
  assert.equal(step('paid', 'pending'), null);
  assert.equal(step('pending', 'pending'), null);
});

test('a payout that counted as never sent is booked when a report shows it; a returned one stays failed', () => {
  assert.deepEqual(step('failed', 'pending', null), { to: 'pending', books: 'sent' });
  for (const seen of ['pending', 'paid', 'failed'] as const) assert.equal(step('failed', seen), null);
});

test('in any order of reports the amount leaves the funds at most once and comes back at most once', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('pending' as const, 'paid' as const, 'failed' as const)), (reports) => {
      let payout: Pick<Payout, 'state' | 'processor_key'> = { state: 'reserved', processor_key: null };
      let out = 0;
      for (const seen of reports) {
        const made = decidePayoutStep(payout, seen);
        if (!made) continue;
        payout = { state: made.to, processor_key: 'po_1' };
        if (made.books === 'sent') out += 1;
        if (made.books === 'returned') out -= 1;
        assert(out === 0 || out === 1);
        assert.equal(out === 1, payout.state === 'pending' || payout.state === 'paid');
      }
    }),
  );
});

test('the subject of a payout is its key without the prefix', () => {
  assert.deepEqual(payoutSubject('po_1ab'), { kind: 'po', id: '1ab', part: null });
});
