import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Money } from '#kernel/money';
import { type OrphanMoves, planOrphanEvents } from './book-orphan.ts';

const orphan = { charge_key: 'ch_1', amount: 2000, broker_fee_amount: 0 };
const funds = { net: 1912, fee: 88, unit: 'usd' };
const refund = (amount: number, state: 'pending' | 'succeeded' | 'failed' = 'succeeded', processor_key = 're_1') => ({
  processor_key,
  key: 'orphan:pi_1',
  amount,
  state,
});
const sumIn = (unit: string, each: readonly Money[]) =>
  each.reduce((sum, money) => (money.unit === unit ? sum + money.amount : sum), 0);
const plan = (moves: Partial<OrphanMoves>, more: Partial<typeof orphan> = {}) =>
  planOrphanEvents({ ...orphan, ...more }, { funds, refunds: [], fee_returns: [], ...moves }).map(
    ({ key, owner, broker }) => [key, ...[owner, broker].map((each) => sumIn('usd', each))],
  );

test('the events of an orphan leave minus the fee of the processor', () => {
  assert.deepEqual(plan({ refunds: [refund(2000)] }), [
    ['orphan:ch_1', 1912, 0],
    ['orphan:ch_1:re_1', -2000, 0],
  ]);
});

test('a pending refund has no event, a failed one that of its reversal, and parts add up', () => {
  assert.deepEqual(plan({ refunds: [refund(500), refund(1500, 'pending', 're_2'), refund(1500, 'failed', 're_3')] }), [
    ['orphan:ch_1', 1912, 0],
    ['orphan:ch_1:re_1', -500, 0],
    ['orphan:ch_1:re_3:failed', 1500, 0],
  ]);
});

test('the share of the broker comes and goes, also in another currency than that of the charge', () => {
  const fee_returns = [{ processor_key: 'fr_1', key: null, amount: 200 }];
  const direct = { funds: { ...funds, net: 956, fee: 44, broker_fee: 100 }, refunds: [refund(2000)], fee_returns };
  assert.deepEqual(plan(direct, { broker_fee_amount: 200 }), [
    ['orphan:ch_1', 856, 100],
    ['orphan:ch_1:re_1', -1000, 0],
    ['orphan:ch_1:fr_1', 100, -100],
  ]);
});

test('a dispute has its amount and its fee, its reversal what came back, and converted amounts are those of their instants', () => {
  const dispute = { key: 'dp_1', amount: 2000, fee_amount: 1500, returns_fee: false, is_lost: false };
  assert.deepEqual(plan({ disputes: [{ ...dispute, returned_fee_amount: 0 }] }), [
    ['orphan:ch_1', 1912, 0],
    ['dispute:dp_1', -3500, 0],
    ['dispute:dp_1:reverted', 2000, 0],
  ]);
  const taken = { amount: 1450, unit: 'usd' };
  const funds = { net: 1356, fee: 44, unit: 'usd', broker_fee: 140 };
  const exchanged = { withdrawn: [{ amount: 1430, unit: 'usd' }], reinstated: [{ amount: 1420, unit: 'usd' }] };
  const moved = { received: { amount: 145, unit: 'usd' }, paid: { amount: 150, unit: 'usd' } };
  const moves = {
    funds,
    refunds: [
      { ...refund(2000), taken },
      { ...refund(2000, 'failed', 're_2'), taken, returned: { ...taken, amount: 1440 } },
    ],
    fee_returns: [{ processor_key: 'fr_1', key: null, amount: 200, moved }],
    disputes: [{ ...dispute, returned_fee_amount: 1500, exchanged }],
  };
  assert.deepEqual(plan(moves, { broker_fee_amount: 200 }), [
    ['orphan:ch_1', 1216, 140],
    ['orphan:ch_1:re_1', -1450, 0],
    ['orphan:ch_1:re_2', -1450, 0],
    ['orphan:ch_1:re_2:failed', 1440, 0],
    ['orphan:ch_1:fr_1', 145, -150],
    ['dispute:dp_1', -2930, 0],
    ['dispute:dp_1:reverted', 2920, 0],
  ]);
});
