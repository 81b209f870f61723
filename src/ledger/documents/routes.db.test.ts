import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { countStatements } from '../../../bench/statement-count.ts';

let app: TestApp;
let buyer: ReturnType<typeof apiClient>;
let stranger: ReturnType<typeof apiClient>;
let broker: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  const ctx = await testContext(app.db);
  const [boss, other, donny] = await Promise.all(
    ['docsboss', 'docsother', 'docsdonny'].map((username) => makeReadyUser(app.db, { username })),
  );
  assert(boss && other && donny);
  [buyer, stranger] = [apiClient(app, await tokenOf(app, boss)), apiClient(app, await tokenOf(app, other))];
  await makeOrganization(app.db, { slug: 'docsclub', manager: boss });
  const sellers = [];
  for (const slug of ['docsgym', 'docspool']) {
    sellers.push(await makeOrganization(app.db, { slug, manager: donny, is_provider: true }));
  }
  broker = apiClient(app, await tokenOf(app, donny));
  for (const [index, { id }] of sellers.entries()) {
    await makePlan(ctx, { provider_id: id, title: `Docs ${index}`, period_amount: 1000 * (index + 1) });
  }
  for (const plan of ['docs-0', 'docs-1']) {
    assert.equal((await buyer('POST', '/api/cart', { plan })).status, 201);
  }
  const paid = await buyer('POST', '/api/billing/docsclub/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  const lines = [{ num: 0, refunded_amount: 300 }, { num: 1 }];
  const key = String(paid.json()['processor_key']);
  const refunded = await broker('POST', `/api/billing/docsclub/charges/${key}/refund`, { lines });
  assert.equal(refunded.status, 201, refunded.text);
});
after(() => app.close());

const list = async (query = '') => {
  const reply = await buyer('GET', `/api/billing/docsclub/credit-notes${query}`);
  assert.equal(reply.status, 200, reply.text);
  const { count, results } = reply.json();
  assert.ok(typeof count === 'number' && Array.isArray(results));
  return { count, results: results as Record<string, unknown>[] };
};

test('the credit notes of a profile have the documented fields', async () => {
  const { count, results } = await list('?o=amount');
  assert.equal(count, 2);
  const [first] = results;
  assert(first);
  const { lines, provider, created_at, ...note } = first;
  assert.deepEqual(note, {
    number: 'CN-2026-000001',
    invoice_number: '2026-000001',
    amount: 300,
    unit: 'usd',
    due_reduced: 0,
    credited: 0,
    refunded: 300,
    lot: null,
  });
  assert.equal((provider as { slug: string }).slug, 'docsgym');
  assert.match(String(created_at), /Z$/);
  const [line, ...others] = lines as Record<string, unknown>[];
  assert.deepEqual(others, []);
  assert.match(String(line?.['description']), /refund for Subscription to docs-0/);
  assert.deepEqual([line?.['kind'], line?.['amount'], line?.['invoice_number']], ['refund', 300, '2026-000001']);
});

test('the list is searched by number and provider, and bounded by days', async () => {
  assert.equal((await list('?q=docspool')).count, 1);
  assert.equal((await list('?q=CN-2026-000001')).count, 2);
  assert.equal((await list('?q=nothing-like-it')).count, 0);
  assert.equal((await list('?ends_at=2020-01-01')).count, 0);
  const days = (await list()).results.map(({ created_at }) => String(created_at));
  assert.equal((await list(`?start_at=${days[0]}`)).count, 2);
});

test('a number of several providers is one document once the provider is named', async () => {
  const path = '/api/billing/docsclub/credit-notes/CN-2026-000001';
  assert.equal((await buyer('GET', path)).json()['code'], 'credit_note_unknown');
  const { statements } = await countStatements(async () => {
    const found = await buyer('GET', `${path}?provider=docspool`);
    assert.deepEqual([found.status, found.json()['amount']], [200, 2000]);
  });
  assert.ok(statements.length <= 1, statements.join('\n'));
  assert.equal((await buyer('GET', `${path}?provider=cowork`)).status, 404);
  assert.equal((await buyer('GET', '/api/billing/docsclub/credit-notes/CN-2026-000009')).status, 404);
});

test('the download has the rows of the list with its filters', async () => {
  const read = async (query: string) => {
    const file = await buyer('GET', `/billing/docsclub/credit-notes/download/${query}`);
    assert.equal(file.status, 200, file.text);
    return file.text.trim().split('\r\n');
  };
  const [heading, ...rows] = await read('?o=amount');
  assert.equal(heading, 'number,invoice_number,created_at,provider,amount,unit,due_reduced,credited,refunded');
  assert.deepEqual(
    rows.map((row) => row.replace(/,2026-03-10[^,]*,/, ',')),
    [
      'CN-2026-000001,2026-000001,docsgym,3.00,usd,0.00,0.00,3.00',
      'CN-2026-000001,2026-000001,docspool,20.00,usd,0.00,0.00,20.00',
    ],
  );
  assert.equal((await read('?q=docspool')).length, 2);
});

test('a user without a role on the profile sees no credit note', async () => {
  assert.equal((await stranger('GET', '/api/billing/docsclub/credit-notes')).status, 403);
  const path = '/api/billing/docsclub/credit-notes/CN-2026-000001?provider=docspool';
  assert.equal((await stranger('GET', path)).status, 403);
});
