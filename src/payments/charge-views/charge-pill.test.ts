import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargePill } from './charge-pill.ts';

test('the state of a charge for people names refunds and lost disputes', () => {
  const cases = [
    ['created', 0, false, 'created'],
    ['done', 0, true, 'done'],
    ['done', 1, true, 'partly_refunded'],
    ['done', 5400, true, 'refunded'],
    ['disputed', 100, true, 'disputed'],
    ['failed', 0, false, 'failed'],
    ['failed', 0, true, 'dispute_lost'],
  ] as const;
  for (const [state, refunded, was_paid, pill] of cases) {
    assert.equal(chargePill({ state, amount: 5400 }, { refunded, was_paid }), pill, `${state} ${refunded}`);
  }
});
