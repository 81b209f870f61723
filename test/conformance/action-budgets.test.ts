import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { changeProxy } from '#gateway';
import { type Budget, budgets } from '../../bench/budgets.ts';
import { countStatements, type StatementCount } from '../../bench/statement-count.ts';
import { makeReadyUser } from '../support/factories/profiles.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Runs before the counted ones: facts are in memory then, and statements are prepared on the connections. */
const WARM_UP_COUNT = 12;
/** The lowest count is taken: the others include statements of the background. */
const RUNS_COUNT = 5;

let app: TestApp;
let origin: string;
let authorization: string;
let username: string;
const upstream = createServer((_request, response) => response.end('ok'));

before(async () => {
  app = await startApp({ config: { terms_required: false } });
  origin = await app.tollgate.listen();
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  assert.ok(typeof address === 'object' && address !== null);
  const operator = await registerBrokerManager(app, 'operator');
  const entry_point = `http://127.0.0.1:${address.port}/`;
  await changeProxy(await app.tollgate.makeContext('test'), { entry_point }, { private_addresses_allowed: true });
  const rule = await operator('POST', '/api/proxy/rules', { rank: 1, path: '/area', allow: 1, is_forward: true });
  assert.equal(rule.status, 201, rule.text);
  const plan = { slug: 'gold', title: 'Gold', description: 'Gold', is_active: true, period_amount: 2000 };
  const made = await operator('POST', '/api/profile/cowork/plans', { ...plan, period_type: 'monthly' });
  assert.equal(made.status, 201, made.text);
  const user = await makeReadyUser(app.db, { personal: true });
  username = user.username;
  authorization = `Bearer ${await tokenOf(app, user)}`;
});
after(async () => {
  await app.close();
  upstream.close();
});

async function send(method: string, path: string, body?: object, more: Record<string, string> = {}): Promise<void> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      authorization,
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.text()}`);
}

const addToCart = () => send('POST', '/api/cart', { plan: 'gold', option: 1 });
const payment = { remember_card: false, processor_token: 'tok_visa' };
const checkOut = (more?: Record<string, string>) => send('POST', `/api/billing/${username}/checkout`, payment, more);

/** Returns the least of several counts of `action`, each between `prepare` and `finish`, which are not counted. */
async function leastOf(
  action: () => Promise<void>,
  { prepare, finish }: { prepare?: () => Promise<void>; finish?: () => Promise<void> } = {},
): Promise<StatementCount> {
  const counts: StatementCount[] = [];
  for (let run = 0; run < WARM_UP_COUNT + RUNS_COUNT; run += 1) {
    await prepare?.();
    const count = await countStatements(action);
    await finish?.();
    if (run >= WARM_UP_COUNT) counts.push(count);
  }
  const [least] = counts.toSorted((a, b) => a.statements.length - b.statements.length);
  assert.ok(least);
  return least;
}

function requireWithin({ statements, exchanges_count, transactions_count }: StatementCount, budget: Budget): void {
  assert.ok(statements.length <= budget.statements_max, `${statements.length} statements:\n${statements.join('\n')}`);
  assert.ok(transactions_count <= budget.transactions_max, `${transactions_count} transactions`);
  assert.ok(exchanges_count <= (budget.exchanges_max ?? Infinity), `${exchanges_count} exchanges`);
}

test('a request that the gateway forwards for a known caller sends no statement', async () => {
  requireWithin(await leastOf(() => send('GET', '/area/page')), budgets.forward);
});

test('a plan is added to the cart within the budget', async () => {
  const least = await leastOf(addToCart, { finish: () => checkOut() });
  assert.ok(least.statements.length > 0, 'the statements are counted');
  requireWithin(least, budgets.add_to_cart);
});

test('a checkout of one item stays within the budget', async () => {
  const least = await leastOf(() => checkOut(), { prepare: addToCart });
  assert.ok(least.statements.length > 0, 'the statements are counted');
  requireWithin(least, budgets.check_out);
});

test('a checkout with an Idempotency-Key claims the key, looks for its charge and stores the response', async () => {
  const least = await leastOf(() => checkOut({ 'idempotency-key': randomUUID() }), { prepare: addToCart });
  requireWithin(least, budgets.check_out_with_key);
});

test('a visitor cookie costs a signed-in buyer one statement, in the cart and at checkout', async () => {
  const cookie = { cookie: `visitor=${'v'.repeat(43)}` };
  const least = await leastOf(() => checkOut(cookie), { prepare: addToCart });
  requireWithin(least, { ...budgets.check_out, ...plusOne(budgets.check_out) });
});

function plusOne({ statements_max, exchanges_max = 0 }: Budget): Pick<Budget, 'statements_max' | 'exchanges_max'> {
  return { statements_max: statements_max + 1, exchanges_max: exchanges_max + 1 };
}
