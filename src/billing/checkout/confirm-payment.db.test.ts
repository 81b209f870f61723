import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

test('a payment that must be confirmed responds with 402; after the confirmation the same request returns the charge', async () => {
  const plan = await makePlan({ ...(await app.tollgate.makeContext('test')), clock: app.clock });
  const call = apiClient(app, await registerUser(app, 'xia'));
  await call('POST', '/api/cart', { plan: plan.slug });
  const headers = { 'idempotency-key': 'one-payment' };
  const pay = () => call('POST', '/api/billing/xia/checkout', { processor_token: 'tok_authenticate' }, headers);
  for (let attempts = 1; attempts <= 2; attempts += 1) {
    const asked = await pay();
    assert.deepEqual([asked.status, asked.json()['code'], asked.headers['retry-after']], [402, 'action_required', '5']);
  }
  await app.db
    .updateTable('test_processor_charges')
    .set({ state: 'done', outcome: 'accepted' })
    .where('outcome', '=', 'action_required')
    .execute();
  const [paid, replayed] = [await pay(), await pay()];
  assert.deepEqual([paid.status, replayed.status], [201, 201]);
  assert.equal(paid.json()['processor_key'], replayed.json()['processor_key']);
  assert.equal(replayed.headers['idempotency-replayed'], 'true');
  const charges = await app.db.selectFrom('charges').select('state').execute();
  assert.deepEqual(charges, [{ state: 'done' }]);
});
