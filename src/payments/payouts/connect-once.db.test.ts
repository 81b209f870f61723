import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { connectBank, disconnectBank, findConnectedAccount } from './connected-account.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
afterEach(() => site.emulator.control.clearFaults());
after(() => site.close());

const accountsCount = () => site.emulator.control.objects('account').length;

test('requests at once open one account', async () => {
  const provider = await makeParty(site.app.db);
  const before_count = accountsCount();
  await Promise.all([1, 2, 3].map(() => connectBank(site.ctx, provider)));
  assert.equal(accountsCount() - before_count, 1);
  assert.notEqual(await findConnectedAccount(site.ctx, provider), null);
});

test('a request after a lost response takes the account that was opened, and after a disconnection opens another', async () => {
  const provider = await makeParty(site.app.db);
  const before_count = accountsCount();
  site.emulator.control.addFault({ name: 'cut_after', times: 2, match: { method: 'POST', path: '/v1/accounts' } });
  await assert.rejects(connectBank(site.ctx, provider), { code: 'processor_unreachable' });
  site.emulator.control.clearFaults();
  await connectBank(site.ctx, provider);
  assert.equal(accountsCount() - before_count, 1);
  const first = await findConnectedAccount(site.ctx, provider);
  await disconnectBank(site.ctx, provider);
  await connectBank(site.ctx, provider);
  assert.equal(accountsCount() - before_count, 2);
  assert.notDeepEqual(await findConnectedAccount(site.ctx, provider), first);
});

test('providers of one name have accounts of their own', async () => {
  const before_count = accountsCount();
  for (const provider of [await makeParty(site.app.db), await makeParty(site.app.db)])
    await connectBank(site.ctx, provider);
  assert.equal(accountsCount() - before_count, 2);
});
