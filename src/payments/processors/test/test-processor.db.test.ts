import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { movableClock } from '#platform/clock';
import type { ProfileId } from '#platform/db/db-schema';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { next } from '../../../../test/support/factories.ts';
import { makeTestProcessor } from './test-processor.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

test('the test processor takes its fee in the smallest unit of the currency, and net and fee add up', async () => {
  const processor = makeTestProcessor(database.db, movableClock(new Date('2026-03-10T15:00:00Z')));
  const cases: [amount: number, unit: string, fee: number][] = [
    [2000, 'usd', 88],
    // 2,000 yen: 58 and 30 yen.
    [200_000, 'jpy', 8800],
    // 5.120 dinar: 0.178, of which the net amount 4.942 leaves 0.18 in 1/100.
    [512, 'kwd', 18],
    // The fee is at most the amount; the net amount is then zero.
    [3000, 'jpy', 3000],
  ];
  for (const [amount, unit, fee] of cases) {
    const outcome = await processor.charge({
      amount,
      unit,
      key: next('key-of-sixteen'),
      account: '',
      broker_fee_amount: 0,
      description: 'A line',
      source: { token: 'tok_visa', remember: false },
      payer: { profile_id: 1 as ProfileId, browser: null, return_url: 'http://cowork.test/' }, // no row has it
      off_session: false,
      order_id: null,
      provider_id: null,
    });
    assert(outcome.outcome === 'succeeded' && outcome.evidence.state === 'done');
    assert.deepEqual(outcome.evidence.funds, { net: amount - fee, fee, unit }, `${amount} ${unit}`);
  }
});
