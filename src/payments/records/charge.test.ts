import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChargeState, decideSettlements } from './charge.ts';
import type { Evidence } from '../processors/processor.ts';

const funds = { net: 1912, fee: 88, unit: 'usd' };
const done: Evidence = { state: 'done', funds };
const disputed: Evidence = { state: 'disputed', funds, fee_amount: 1500, returns_fee: true };
const lost: Evidence = { ...disputed, state: 'lost' };
const failed: Evidence = { state: 'failed', detail: 'Declined.' };
const paid_step = { from: 'created', to: 'done', funds };
const disputed_step = { from: 'done', to: 'disputed', fee_amount: 1500, returns_fee: true };
const lost_step = { from: 'disputed', to: 'failed' };

test('a pending charge becomes paid or failed', () => {
  assert.deepEqual(decideSettlements('created', done), [paid_step]);
  assert.deepEqual(decideSettlements('created', failed), [{ from: 'created', to: 'failed', detail: 'Declined.' }]);
  assert.deepEqual(decideSettlements('created', { state: 'created' }), []);
});

test('a paid charge is disputed, then won or lost', () => {
  assert.deepEqual(decideSettlements('done', disputed), [disputed_step]);
  assert.deepEqual(decideSettlements('disputed', done), [{ from: 'disputed', to: 'done' }]);
  assert.deepEqual(decideSettlements('disputed', failed), [lost_step]);
  assert.deepEqual(decideSettlements('disputed', lost), [lost_step]);
});

test('evidence that skips states makes each change on the way', () => {
  assert.deepEqual(decideSettlements('created', disputed), [paid_step, disputed_step]);
  assert.deepEqual(decideSettlements('created', lost), [paid_step, disputed_step, lost_step]);
  assert.deepEqual(decideSettlements('done', lost), [disputed_step, lost_step]);
});

test('late and repeated evidence changes nothing', () => {
  assert.deepEqual(decideSettlements('done', done), []);
  assert.deepEqual(decideSettlements('done', failed), []);
  assert.deepEqual(decideSettlements('done', { state: 'created' }), []);
  assert.deepEqual(decideSettlements('disputed', disputed), []);
  for (const evidence of [done, disputed, lost, failed]) assert.deepEqual(decideSettlements('failed', evidence), []);
});

test('in any order of evidence a charge is paid at most once, and each change starts where the last one ended', () => {
  const evidence = fc.constantFrom<Evidence>(done, failed, { state: 'created' }, disputed, lost);
  fc.assert(
    fc.property(fc.array(evidence, { maxLength: 20 }), (sequence) => {
      let state: ChargeState = 'created';
      let payments = 0;
      for (const each of sequence) {
        for (const settlement of decideSettlements(state, each)) {
          assert.equal(settlement.from, state);
          if ('funds' in settlement) payments += 1;
          state = settlement.to;
        }
      }
      assert(payments <= 1);
    }),
  );
});
