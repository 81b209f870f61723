import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openDatabase } from '../../src/platform/db/database.ts';
import { migrate } from '../../src/platform/db/migrate.ts';
import { apiClient, registerUser } from '../support/client.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { testContext } from '../support/context.ts';
import { startApp, TEST_SECRET } from '../support/start-app.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let folder: string;
let server: TestDatabase | null = null;
let token: string;
let plan: string;
let child: ChildProcess | null = null;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-crash-'));
  if (process.env['TEST_DATABASE_URL']) server = await openTestDatabase();
  await withDatabase(async (database) => {
    const app = await startApp({ database, now: new Date() });
    const ctx = await testContext(database.db, { now: new Date() });
    plan = (await makePlan(ctx)).slug;
    token = await registerUser(app, 'mira');
    const wish = await apiClient(app, token)('POST', '/api/cart', { plan });
    assert.equal(wish.status, 201, wish.text);
    await app.tollgate.close();
  });
});
after(async () => {
  child?.kill('SIGKILL');
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The program's database, for use while the program is stopped: one process at a time can open the folder. */
async function withDatabase<T>(work: (database: TestDatabase) => Promise<T>): Promise<T> {
  if (server) return work(server);
  const database = await openDatabase({ folder: join(folder, 'database') });
  try {
    await migrate(database.db);
    return await work({ ...database, url: null });
  } finally {
    await database.close();
  }
}

const environment = () => ({
  PATH: process.env['PATH'],
  TOLLGATE_MODE: 'development',
  SECRET_KEY: TEST_SECRET,
  DATA_FOLDER: folder,
  LOG_LEVEL: 'error',
  ...(server?.url ? { DATABASE_URL: server.url } : {}),
});

/** Starts the program by its command, and waits until it responds. */
async function serve(): Promise<string> {
  const port = await freePort();
  child = spawn(process.execPath, [main, 'serve'], {
    env: { ...environment(), PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const origin = `http://127.0.0.1:${port}`;
  await until('the program responds', async () => (await fetch(`${origin}/readyz`).catch(() => null))?.ok === true);
  return origin;
}

async function stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  assert(child);
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
  child = null;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  assert(typeof address === 'object' && address !== null);
  probe.close();
  await once(probe, 'close');
  return address.port;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, `in vain waited until ${what}`);
    await sleep(100);
  }
}

async function call(origin: string, method: string, path: string, body?: unknown) {
  const reply = await fetch(`${origin}${path}`, {
    method,
    headers: { accept: 'application/json', authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const content: unknown = await reply.json();
  assert(typeof content === 'object' && content !== null);
  return { status: reply.status, body: new Map(Object.entries(content)) };
}

const listed = async (origin: string, path: string, key = 'results') => {
  const list: unknown = (await call(origin, 'GET', path)).body.get(key);
  assert(Array.isArray(list), path);
  return list.length;
};
const charged = (origin: string) => listed(origin, '/_dev/processor', 'charges');
const subscribed = (origin: string) => listed(origin, '/api/profile/mira/subscriptions');

test('a program that is killed between charge and settlement settles the charge once after a restart', async () => {
  const first = await serve();
  const checkout = call(first, 'POST', '/api/billing/mira/checkout', { processor_token: 'tok_slow' });
  const lost = assert.rejects(checkout, 'the buyer receives no response');
  await until('the processor has the money', async () => (await charged(first)) === 1);
  assert.equal(await subscribed(first), 0, 'the charge is not settled yet');
  await stop('SIGKILL');
  await lost;

  const second = await serve();
  const early = await call(second, 'POST', '/api/billing/mira/checkout', { processor_token: 'tok_visa' });
  assert.deepEqual([early.status, early.body.get('code')], [409, 'checkout_in_flight']);
  const moved = await call(second, 'POST', '/_dev/clock', { now: new Date(Date.now() + 300_000).toISOString() });
  assert.deepEqual([moved.status, moved.body.get('failed')], [200, []]);
  assert.equal(await subscribed(second), 1);
  const again = await call(second, 'POST', '/api/billing/mira/checkout', { processor_token: 'tok_visa' });
  assert.deepEqual([again.status, [...again.body]], [200, []], 'the cart is empty: nothing is bought twice');
  assert.equal(await charged(second), 1);
  await stop('SIGTERM');

  await withDatabase(async ({ db }) => {
    const orders = await db.selectFrom('orders').select(['state', 'amount']).execute();
    assert.deepEqual(orders, [{ state: 'settled', amount: 2000 }]);
    const charges = await db.selectFrom('charges').select(['state', 'amount']).execute();
    assert.deepEqual(charges, [{ state: 'done', amount: 2000 }]);
    const subscriptions = await db.selectFrom('subscriptions').select('id').execute();
    assert.equal(subscriptions.length, 1);
  });
  const books = await promisify(execFile)(process.execPath, [main, 'ledger', 'verify'], { env: environment() });
  assert.match(books.stdout, /^6 entries in 2 events: the ledger is balanced/);
});
