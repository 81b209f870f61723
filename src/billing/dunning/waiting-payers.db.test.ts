import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countStatements } from '../../../bench/statement-count.ts';
import { startChanges } from '../../../test/support/changes.ts';
import { casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

const payers = ['yan', 'zoe', 'uma'];

/** Balances that an hour loads: the review of a case needs its own, a charge that would be postponed needs none. */
const waits = [
  { outcome: 'pending', balances_count: 0 },
  { outcome: 'insufficient_funds', balances_count: payers.length },
] as const;

for (const { outcome, balances_count } of waits) {
  test(`an hourly run loads ${balances_count} balances for ${payers.length} payers who wait, card: ${outcome}`, async (t) => {
    if (!process.env['TEST_DATABASE_URL']) return t.skip('statements are counted on a server only');
    const site = await startChanges({ config: { token_lifetime_s } });
    try {
      await site.plan('basic');
      for (const name of payers) await site.buy(await site.register(name), name, 'basic');
      await setCardOutcome(site, outcome);
      await site.runAt('2026-02-09T10:00:00Z', RENEW);
      const { statements } = await countStatements(() => site.runAt('2026-02-09T11:00:00Z', RENEW));
      assert.equal(statements.filter((text) => text.includes('with due as')).length, balances_count);
      assert.equal((await casesOf(site)).length, balances_count);
    } finally {
      await site.close();
    }
  });
}
