import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
let app: TestApp;
let broker: Client;
let other_user: Client;

before(async () => {
  app = await startApp();
  broker = await registerBrokerManager(app, 'donny');
  other_user = apiClient(app, await registerUser(app, 'xia'));
});
after(() => app.close());

const plans = '/api/profile/cowork/plans';
const coupons = '/api/billing/cowork/coupons';

test('a provider creates, reads, changes and deletes a coupon as documented', async () => {
  await broker('POST', plans, { title: 'Couponed', is_active: true });
  const body = {
    code: 'DIS100',
    discount_type: 'percentage',
    discount_value: 10_000,
    ends_at: null,
    description: null,
  };
  const created = await broker('POST', coupons, { ...body, plan: 'couponed' });
  assert.equal(created.status, 201, created.text);
  const { created_at, ...coupon } = created.json<{ created_at: string }>();
  assert.ok(created_at);
  assert.deepEqual(coupon, { ...body, nb_attempts: null, plan: { slug: 'couponed', title: 'Couponed' } });
  const read = await broker('GET', `${coupons}/dis100`);
  assert.deepEqual(read.json(), created.json());
  const changed = await broker('PUT', `${coupons}/DIS100`, { discount_type: 'percentage', discount_value: 2500 });
  assert.equal(changed.json()['discount_value'], 2500);
  const listed = await broker('GET', `${coupons}?o=code&q=DIS`);
  assert.deepEqual(
    listed.json<{ results: { code: string }[] }>().results.map(({ code }) => code),
    ['DIS100'],
  );
  assert.equal((await broker('DELETE', `${coupons}/DIS100`)).status, 204);
  assert.equal((await broker('GET', `${coupons}/DIS100`)).status, 404);
  assert.equal((await broker('POST', coupons, { discount_type: 'percentage', discount_value: 1 })).status, 400);
  assert.equal((await other_user('GET', coupons)).status, 403);
});
