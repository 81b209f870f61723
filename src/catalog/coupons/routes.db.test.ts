import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerPerson } from '../../../test/support/client.ts';
import { registerOperator } from '../../../test/support/people.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
let app: TestApp;
let donny: Client;
let xia: Client;

before(async () => {
  app = await startApp();
  donny = await registerOperator(app, 'donny');
  xia = apiClient(app, await registerPerson(app, 'xia'));
});
after(() => app.close());

const plans = '/api/profile/cowork/plans';
const coupons = '/api/billing/cowork/coupons';

test('a coupon is created, read, changed and deleted as documented', async () => {
  await donny('POST', plans, { title: 'Couponed', is_active: true });
  const body = {
    code: 'DIS100',
    discount_type: 'percentage',
    discount_value: 10_000,
    ends_at: null,
    description: null,
  };
  const created = await donny('POST', coupons, { ...body, plan: 'couponed' });
  assert.equal(created.status, 201, created.text);
  const { created_at, ...coupon } = created.json<{ created_at: string }>();
  assert.ok(created_at);
  assert.deepEqual(coupon, { ...body, nb_attempts: null, plan: { slug: 'couponed', title: 'Couponed' } });
  const read = await donny('GET', `${coupons}/dis100`);
  assert.deepEqual(read.json(), created.json());
  const changed = await donny('PUT', `${coupons}/DIS100`, { discount_type: 'percentage', discount_value: 2500 });
  assert.equal(changed.json()['discount_value'], 2500);
  const listed = await donny('GET', `${coupons}?o=code&q=DIS`);
  assert.deepEqual(
    listed.json<{ results: { code: string }[] }>().results.map(({ code }) => code),
    ['DIS100'],
  );
  assert.equal((await donny('DELETE', `${coupons}/DIS100`)).status, 204);
  assert.equal((await donny('GET', `${coupons}/DIS100`)).status, 404);
  assert.equal((await donny('POST', coupons, { discount_type: 'percentage', discount_value: 1 })).status, 400);
  assert.equal((await xia('GET', coupons)).status, 403);
});
