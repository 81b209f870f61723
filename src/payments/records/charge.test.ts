import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChargeState, decideSettlement } from './charge.ts';
import type { Evidence } from '../processors/processor.ts';

const funds = { net: 1912, fee: 88, unit: 'usd' };
const done: Evidence = { state: 'done', funds };
const disputed: Evidence = { state: 'disputed', fee_amount: 1500, returns_fee: true };
const failed: Evidence = { state: 'failed', detail: 'Declined.' };

test('a pending charge becomes paid or failed', () => {
  assert.deepEqual(decideSettlement('created', done), { from: 'created', to: 'done', funds });
  assert.deepEqual(decideSettlement('created', failed), { from: 'created', to: 'failed', detail: 'Declined.' });
  assert.equal(decideSettlement('created', { state: 'created' }), null);
});

test('a paid charge is disputed, then won or lost', () => {
  assert.deepEqual(decideSettlement('done', disputed), {
    from: 'done',
    to: 'disputed',
    fee_amount: 1500,
    returns_fee: true,
  });
  assert.deepEqual(decideSettlement('disputed', done), { from: 'disputed', to: 'done' });
  assert.deepEqual(decideSettlement('disputed', failed), { from: 'disputed', to: 'failed' });
});

test('late and repeated evidence changes nothing', () => {
  assert.equal(decideSettlement('done', done), null);
  assert.equal(decideSettlement('done', failed), null);
  assert.equal(decideSettlement('done', { state: 'created' }), null);
  assert.equal(decideSettlement('failed', done), null);
  assert.equal(decideSettlement('failed', disputed), null);
});

test('in any order of evidence a charge is paid at most once', () => {
  const evidence = fc.constantFrom<Evidence>(done, failed, { state: 'created' }, disputed);
  fc.assert(
    fc.property(fc.array(evidence, { maxLength: 20 }), (sequence) => {
      let state: ChargeState = 'created';
      let payments = 0;
      for (const each of sequence) {
        const settlement = decideSettlement(state, each);
        if (!settlement) continue;
        assert.equal(settlement.from, state);
        if ('funds' in settlement) payments += 1;
        state = settlement.to;
      }
      assert(payments <= 1);
    }),
  );
});
