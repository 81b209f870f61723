import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { BACKGROUND } from '#platform/facts/changes-store';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { uploadFile } from '../../../test/support/upload-file.ts';

/** PGlite runs in this process and takes several times as long: a tenth of the rows sends the same statements. */
const LONG = process.env['TEST_DATABASE_URL'] === undefined ? 1000 : 10_000;
const SHORT = 3;

let app: TestApp;
let ctx: TestContext;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
});
after(() => app.close());

interface Measured<T> {
  result: T;
  statements: string[];
  ms: number;
}

/** Statements that the process sends at an interval, which are more while a longer request runs. */
function isAtInterval(text: string): boolean {
  return text.includes(BACKGROUND) || text === 'select 1' || text.startsWith('insert into request_counts');
}

async function measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const statements: string[] = [];
  const stop = app.database.watch(({ text }) => {
    if (!isAtInterval(text)) statements.push(text.replaceAll(/\s+/g, ' ').slice(0, 100));
    return undefined;
  });
  const started = performance.now();
  const result = await work();
  stop();
  return { result, statements, ms: Math.round(performance.now() - started) };
}

/** Uploads a list, looks at the checkout and pays; returns the statements of each step. */
async function buyFor(name: string, rows_count: number): Promise<Record<string, Measured<unknown>>> {
  const token = await registerUser(app, name);
  const call = apiClient(app, token);
  const plan = await makePlan(ctx);
  const rows = Array.from({ length: rows_count }, (_, index) => `First ${index},Last,${name}-${index}@example.com`);
  const send = () => uploadFile(app, token, `/api/cart/${plan.slug}/upload`, rows.join('\n'));
  const upload = await measure(send);
  assert.equal(upload.result.statusCode, 201, upload.result.body.slice(0, 500));
  const repeated = await measure(send);
  assert.equal(repeated.result.statusCode, 200, repeated.result.body.slice(0, 500));
  const shown = await measure(() => call('GET', `/api/billing/${name}/checkout`));
  assert.equal(shown.result.json<{ results: unknown[] }>().results.length, rows_count);
  const paid = await measure(() => call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' }));
  assert.deepEqual([paid.result.status, paid.result.json()['amount']], [201, rows_count * 2000]);
  const seats = await measure(() => call('GET', `/api/billing/${name}/seats?page_size=100`));
  assert.equal(seats.result.json()['count'], rows_count);
  return { upload, repeated, shown, paid, seats };
}

test('a list of 10,000 people is paid as one order, in statements whose number does not depend on its length', async (t) => {
  await buyFor('warm-up', SHORT);
  const short = await buyFor('short', SHORT);
  const long = await buyFor('long', LONG);
  for (const [step, { ms, statements }] of Object.entries(long))
    t.diagnostic(`${step}: ${ms} ms, ${statements.length} statements`);
  // A few more than for a short list: a long order sets limits of its statements, statements that the connection has
  // not prepared yet are sent one at a time, and jobs may run meanwhile.
  for (const [step, { statements }] of Object.entries(long)) {
    const most = (short[step]?.statements.length ?? 0) + 12;
    assert.ok(statements.length <= most, `${step}: ${statements.join('\n')}`);
  }
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
  const claims = await app.db.selectFrom('claims').select('id').execute();
  assert.equal(claims.length, LONG + 2 * SHORT);
});

test('a list of more rows, and a cart that a list would overfill, are refused and add nothing', async () => {
  const token = await registerUser(app, 'overfull');
  const plan = await makePlan(ctx);
  const url = `/api/cart/${plan.slug}/upload`;
  const rows = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `A B,${name}${index}@example.com`).join('\n');
  const long = await uploadFile(app, token, url, rows(10_001, 'row'));
  assert.deepEqual(
    [long.statusCode, long.json<object>()],
    [400, { file: ['The file has more than 10000 rows.'], code: 'invalid_input' }],
  );
  assert.equal((await uploadFile(app, token, url, rows(3, 'kept'))).statusCode, 201);
  const full = await uploadFile(app, token, url, rows(9998, 'more'));
  assert.deepEqual([full.statusCode, full.json<{ code: string }>().code], [400, 'cart_full']);
  const items = await app.db
    .selectFrom('cart_items')
    .innerJoin('users', 'users.id', 'cart_items.user_id')
    .select('cart_items.id')
    .where('username', '=', 'overfull')
    .execute();
  assert.equal(items.length, 3);
});
