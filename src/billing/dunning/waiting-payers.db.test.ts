import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countStatements } from '../../../bench/statement-count.ts';
import { startChanges } from '../../../test/support/changes.ts';
import { casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

const payers = ['yan', 'zoe', 'uma'];

/** Balances that a run loads. The review of the first hour of a day needs that of each case. */
const waits = [
  { outcome: 'pending', hour: '2026-02-09T11:00:00Z', cases_count: 0, balances_count: 0 },
  { outcome: 'insufficient_funds', hour: '2026-02-09T11:00:00Z', cases_count: payers.length, balances_count: 0 },
  { outcome: 'insufficient_funds', hour: '2026-02-10T00:00:00Z', cases_count: payers.length, balances_count: 3 },
] as const;

for (const { outcome, hour, cases_count, balances_count } of waits) {
  test(`a run at ${hour} loads ${balances_count} balances for payers who wait, card: ${outcome}`, async (t) => {
    if (!process.env['TEST_DATABASE_URL']) return t.skip('statements are counted on a server only');
    const site = await startChanges({ config: { token_lifetime_s } });
    try {
      await site.plan('basic');
      for (const name of payers) await site.buy(await site.register(name), name, 'basic');
      await setCardOutcome(site, outcome);
      await site.runAt('2026-02-09T10:00:00Z', RENEW);
      const { statements } = await countStatements(() => site.runAt(hour, RENEW));
      assert.equal(statements.filter((text) => text.includes('with due as')).length, balances_count);
      assert.equal((await casesOf(site)).length, cases_count);
    } finally {
      await site.close();
    }
  });
}
