import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancesOf, BEGIN, dueOf, eventsPostedBy, lotsLeft, startChanges } from './changes.ts';

test('the site of the examples sells basic to xia, with the rows and balances of the specification', async () => {
  const site = await startChanges();
  await site.plan('basic', { pause_days_max: 30 });
  const events = await eventsPostedBy(site, () => site.buy(site.xia, 'xia', 'basic'));
  assert.deepEqual(events, [
    '`sub_1/` cowork:Receivable→xia:Payable 9000',
    '`cha_1/` xia:Liability→stripe:Funds 9000 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_1/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · `cha_1/` stripe:Funds→cowork:Funds 8709',
  ]);
  assert.equal(await balancesOf(site, 'cowork', 'xia'), 'cowork Backlog -9000 Expenses 291 Funds 8709');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal(await lotsLeft(site), '');
  assert.equal(site.app.clock.now().toISOString(), new Date(BEGIN).toISOString());
  await site.close();
});
