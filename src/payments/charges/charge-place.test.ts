import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfileId } from '#platform/db/db-schema';
import { placeCharge } from './charge-place.ts';

const [club, other] = [7 as ProfileId, 8 as ProfileId]; // of no profile
const processor = { name: 'stripe', direct_charges: true, minimum: () => 50 };
const ready = { processor: 'stripe', account: 'acct_1', charges_enabled: true, fee_payer: 'account' as const };
const line = (amount: number, broker_fee_percent: number, provider_id = club) => ({
  provider_id,
  amount,
  broker_fee_percent,
});
const broker = { account: '', broker_fee_amount: 0 };

test('a charge for one provider is made on its account, with the floors of the shares of the lines', () => {
  assert.deepEqual(placeCharge(processor, ready, [line(17_999, 1000)], 'usd'), {
    account: 'acct_1',
    broker_fee_amount: 1799,
  });
  const two = [line(3333, 1000), line(1667, 500)];
  assert.deepEqual(placeCharge(processor, ready, two, 'usd'), { account: 'acct_1', broker_fee_amount: 416 });
  assert.equal(placeCharge(processor, ready, [line(100_000, 1234)], 'jpy').broker_fee_amount, 12_300);
});

test('the share of the broker leaves room for the fee of the processor', () => {
  assert.equal(placeCharge(processor, ready, [line(2000, 10_000)], 'usd').broker_fee_amount, 1750);
  assert.deepEqual(placeCharge(processor, ready, [line(50, 1000)], 'usd'), {
    account: 'acct_1',
    broker_fee_amount: 0,
  });
});

test('S19: a charge is on the account of the broker unless the account of the one provider can take it', () => {
  const lines = [line(2000, 1000)];
  assert.deepEqual(placeCharge(processor, undefined, lines, 'usd'), broker);
  assert.deepEqual(placeCharge(processor, { ...ready, charges_enabled: false }, lines, 'usd'), broker);
  assert.deepEqual(placeCharge(processor, { ...ready, fee_payer: 'application' }, lines, 'usd'), broker);
  assert.deepEqual(placeCharge(processor, { ...ready, fee_payer: '' }, lines, 'usd'), broker);
  assert.deepEqual(placeCharge(processor, { ...ready, processor: 'test' }, lines, 'usd'), broker);
  assert.deepEqual(placeCharge(processor, ready, [...lines, line(0, 0, other)], 'usd'), broker);
  assert.deepEqual(placeCharge(processor, ready, [], 'usd'), broker);
  assert.deepEqual(placeCharge({ ...processor, direct_charges: false }, ready, lines, 'usd'), broker);
});
