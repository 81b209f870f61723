import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

/**
 * `acme` (manager boss, contributor reader) pays two lines in one charge: one of `gymclub` (11.00, gina and cora), one
 * of `poolside` (23.00, paul). `bea` manages the broker, `stella` is a user without a role.
 */
let app: TestApp;
let ctx: TestContext;
const names = ['boss', 'reader', 'gina', 'cora', 'paul', 'bea', 'stella'] as const;
type Name = (typeof names)[number];
const clients = {} as Record<Name, ReturnType<typeof apiClient>>;
let shared: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  ctx = await testContext(app.db);
  const users = {} as Record<Name, Awaited<ReturnType<typeof makeReadyUser>>>;
  for (const username of names) {
    users[username] = await makeReadyUser(app.db, { username });
    clients[username] = apiClient(app, await tokenOf(app, users[username]));
  }
  await makeMember(app.db, { id: ctx.site.broker_id }, users.bea, 'manager');
  const acme = await makeOrganization(app.db, { slug: 'acme', manager: users.boss });
  await app.db.updateTable('profiles').set({ email: 'acme@example.com' }).where('id', '=', acme.id).execute();
  await makeMember(app.db, acme, users.reader, 'contributor');
  const gym = await makeOrganization(app.db, { slug: 'gymclub', manager: users.gina, is_provider: true });
  await makeMember(app.db, gym, users.cora, 'contributor');
  const pool = await makeOrganization(app.db, { slug: 'poolside', manager: users.paul, is_provider: true });
  await makePlan(ctx, { provider_id: gym.id, title: 'Gym pass', period_amount: 1100 });
  await makePlan(ctx, { provider_id: pool.id, title: 'Pool card', period_amount: 2300 });
  for (const plan of ['gym-pass', 'pool-card']) {
    assert.equal((await clients.boss('POST', '/api/cart', { plan })).status, 201);
  }
  const paid = await clients.boss('POST', '/api/billing/acme/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  shared = String(paid.json()['processor_key']);
});
after(() => app.close());

test('a charge is read by its customer, the sellers of its lines and the broker; each seller sees its own amount', async () => {
  const url = `/api/billing/charges/${shared}`;
  const amounts: Record<Name, number | null> = {
    boss: 3400,
    reader: 3400,
    gina: 1100,
    cora: 1100,
    paul: 2300,
    bea: 3400,
    stella: null,
  };
  for (const name of names) {
    const reply = await clients[name]('GET', url);
    const amount = amounts[name];
    assert.equal(reply.status, amount === null ? 404 : 200, `${name}: ${reply.text}`);
    if (amount === null) assert.equal(reply.json()['code'], 'charge_unknown');
    else assert.equal(reply.json()['amount'], amount, name);
    // The form of 2024 responds alike.
    if (amount !== null)
      assert.deepEqual(reply.json(), (await clients[name]('GET', `/api/billing/acme/charges/${shared}`)).json());
  }
  assert.equal((await apiClient(app)('GET', url)).status, 401);
  assert.equal((await clients.bea('GET', '/api/billing/charges/ch_none')).status, 404);
  assert.equal((await clients.boss('GET', '/api/billing/charges/ch_none')).status, 404);
});

test('a receipt is mailed for those who may write, and a reader is refused', async () => {
  const url = `/api/billing/charges/${shared}/email`;
  const statuses: Record<Name, number> = {
    boss: 201,
    reader: 403,
    gina: 201,
    cora: 403,
    paul: 201,
    bea: 201,
    stella: 404,
  };
  for (const name of names) {
    const reply = await clients[name]('POST', url, {});
    assert.equal(reply.status, statuses[name], `${name}: ${reply.text}`);
    if (reply.status === 201) assert.equal(reply.json()['email'], 'acme@example.com');
  }
});

test('a line is refunded by its seller and by the broker, never by its customer or another seller', async () => {
  const url = `/api/billing/charges/${shared}/refund`;
  const line = (num: number) => ({ lines: [{ num, refunded_amount: 100 }] });
  const cases: [Name, number, number][] = [
    ['boss', 0, 403],
    ['reader', 0, 403],
    ['stella', 0, 404],
    ['cora', 0, 403],
    ['paul', 0, 403],
    ['gina', 1, 403],
    ['gina', 0, 200],
    ['paul', 1, 200],
    ['bea', 0, 200],
  ];
  for (const [name, num, status] of cases) {
    const reply = await clients[name]('POST', url, line(num));
    assert.equal(reply.status, status, `${name} ${num}: ${reply.text}`);
  }
  const { amount } = await app.db
    .selectFrom('refunds')
    .select((eb) => eb.fn.sum<number>('amount').as('amount'))
    .where('state', '=', 'settled')
    .executeTakeFirstOrThrow();
  assert.equal(Number(amount), 300);
  const invalid = await clients.gina('POST', url, { lines: [{ num: -1, refunded_amount: 0 }] });
  assert.deepEqual([invalid.status, invalid.json()['code']], [400, 'invalid_input']);
  assert.equal((await clients.stella('POST', url, { lines: 'all' })).status, 404, 'access comes before validation');
});
