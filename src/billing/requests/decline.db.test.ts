import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance, moveAmount, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { registerProvider } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

/** Registers a provider and a buyer whose paid request waits for it. */
async function makeRequest(name: string) {
  const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  const { call, profile } = await registerProvider(app, `${name}-seller`, `${name}-shop`);
  const plan = await makePlan(ctx, { provider_id: profile.id, optin_on_request: true });
  const buyer = apiClient(app, await registerUser(app, name));
  await buyer('POST', '/api/cart', { plan: plan.slug });
  const paid = await buyer('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  return { call, buyer, plan, key: String(paid.json()['processor_key']), shop: profile.slug };
}

const refundsOf = async (key: string) =>
  app.db
    .selectFrom('refunds')
    .innerJoin('charges', 'charges.id', 'refunds.charge_id')
    .select(['refunds.amount', 'refunds.state'])
    .where('charges.processor_key', '=', key)
    .execute();

test('the provider declines a paid request by the operation that cancels a subscription', async () => {
  const { call, plan, key, shop } = await makeRequest('asker');
  const declined = await call('DELETE', `/api/profile/${shop}/plans/${plan.slug}/subscriptions/asker`);
  assert.equal(declined.status, 204, declined.text);
  assert.deepEqual(await refundsOf(key), [{ amount: 2000, state: 'settled' }]);
});

test('the subscriber withdraws a request and gets the price back', async () => {
  const { buyer, plan, key } = await makeRequest('withdrawer');
  assert.equal((await buyer('DELETE', `/api/profile/withdrawer/subscriptions/${plan.slug}`)).status, 204);
  assert.deepEqual(await refundsOf(key), [{ amount: 2000, state: 'settled' }]);
});

test('the page that declines a request shows the refund first', async () => {
  const { plan, key, shop } = await makeRequest('paged');
  const browser = await signInBrowser(app, 'paged-seller');
  const url = `/profile/${shop}/subscribers/paged/${plan.slug}/cancel/`;
  const shown = await browser.get(url);
  assert.match(shown.text, /Decline the request/);
  assert.match(shown.text, /\$20\.00/);
  assert.match(shown.text, /is refunded/);
  assert.equal((await browser.post(url, {})).status, 303);
  assert.deepEqual(await refundsOf(key), [{ amount: 2000, state: 'settled' }]);
});

test('a request is not declined while the provider has no funds for the refund', async () => {
  const { call, plan, key, shop } = await makeRequest('unfunded');
  const { id } = await app.db.selectFrom('profiles').select('id').where('slug', '=', shop).executeTakeFirstOrThrow();
  const [funds] = await findBalance(app.db, id, accounts.funds);
  assert.ok(funds);
  // A payout took the funds.
  const payout = moveAmount({
    ...funds,
    from: { profile_id: id, account: accounts.funds },
    to: { profile_id: id, account: accounts.withdraw },
    subject: null,
    description: 'withdraw',
  });
  const event = { key: `payout:test-${shop}`, kind: 'payout', at: app.clock.now(), entries: [payout] };
  await inTransaction(app.db, (tx) => postEvent(tx, event));
  const refused = await call('DELETE', `/api/profile/${shop}/plans/${plan.slug}/subscriptions/unfunded`);
  assert.deepEqual([refused.status, refused.json()['code']], [405, 'refund_exceeds_funds'], refused.text);
  assert.deepEqual(await refundsOf(key), []);
});
