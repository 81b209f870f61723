import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug, type Profile } from '#profiles';
import { browserClient } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { isProblemWithCode } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { makePerson, subscribe } from '../../../test/support/factories/subscriptions.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { confirmFile, previewFile } from './import-file.ts';

let app: TestApp;
let ctx: TestContext;
let provider: Profile;
let browser: ReturnType<typeof browserClient>;

before(async () => {
  app = await startApp();
  ctx = await testContext(app.db);
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  provider = broker;
  const manager = await makeReadyUser(app.db, { username: 'mona' });
  await makeMember(app.db, broker, manager, 'manager');
  const plan = await makePlan(ctx, { title: 'Desk', period_amount: 2000 });
  for (const name of ['ann', 'bob', 'cyd']) await subscribe(ctx, (await makePerson(app.db, name)).profile, plan);
  browser = browserClient(app);
  await browser.get('/login/');
  assert.equal((await browser.post('/login/', { username: 'mona', password: testPassword })).status, 303);
});
after(() => app.close());

const bytes = (text: string) => new TextEncoder().encode(text);
const countImports = async (): Promise<number> =>
  Number(
    (
      await app.db
        .selectFrom('adjustments')
        .select((eb) => eb.fn.countAll<number>().as('rows_count'))
        .executeTakeFirstOrThrow()
    ).rows_count,
  );
const countEntries = async (): Promise<number> =>
  Number(
    (
      await app.db
        .selectFrom('ledger_entries')
        .select((eb) => eb.fn.countAll<number>().as('rows_count'))
        .executeTakeFirstOrThrow()
    ).rows_count,
  );

test('every bad row of a file is named with its field, and nothing is written', async () => {
  const before_it = [await countImports(), await countEntries()];
  const preview = await previewFile(
    ctx,
    provider,
    bytes(
      [
        'subscription,date,amount,description',
        'ann:desk,2026-03-01,10.00,Check 1',
        'unknown-profile:desk,2026-03-01,10.00',
        'ann:other,2026-03-01,10.00',
        'anndesk,yesterday,1.005',
        'bob:desk,2036-03-01,10.00',
        'bob:desk,2026-03-01,-5',
        'bob:desk,2026-03-01',
        'ann:desk,2026-03-01,10.00,Check 1',
        'cyd:desk,2026-09-01,10.00',
      ].join('\n'),
    ),
  );
  assert.equal(preview.key, null);
  assert.deepEqual(
    preview.faults.map(({ row, field }) => [row, field]),
    [
      [3, 'subscription'],
      [4, 'subscription'],
      [5, 'subscription'],
      [5, 'created_at'],
      [5, 'amount'],
      [6, 'created_at'],
      [7, 'amount'],
      [8, 'row'],
      [9, 'row'],
      [10, 'created_at'],
    ],
  );
  assert.deepEqual([await countImports(), await countEntries()], before_it);
});

test('a checked file is recorded whole and once, also when it is confirmed twice at the same time', async () => {
  const before_it = [await countImports(), await countEntries()];
  const file = bytes('\ufeffann:desk;2026-03-01;10,00;Jänner\r\nbob:desk;2026-03-02;20,5;\r\n');
  const preview = await previewFile(ctx, provider, file);
  assert.deepEqual([preview.payments_count, preview.totals], [2, [{ amount: 3050, unit: 'usd' }]]);
  assert.deepEqual([await countImports(), await countEntries()], before_it);
  const key = preview.key ?? '';
  const counts = await Promise.all([1, 2, 3].map(() => confirmFile(ctx, provider, key)));
  assert.deepEqual(counts, [2, 2, 2]);
  assert.deepEqual([await countImports(), await countEntries()], [before_it[0]! + 2, before_it[1]! + 10]);
  const again = await previewFile(ctx, provider, file);
  assert.deepEqual(
    again.faults.map(({ row, message }) => [row, message]),
    [
      [1, 'This payment was imported before.'],
      [2, 'This payment was imported before.'],
    ],
  );
});

test('a file that is no longer valid when it is confirmed records nothing', async () => {
  const preview = await previewFile(ctx, provider, bytes('cyd:desk,2026-03-01,10.00\nann:desk,2026-03-03,10.00\n'));
  const twin = await previewFile(ctx, provider, bytes('cyd:desk,2026-03-01,10.00\n'));
  await confirmFile(ctx, provider, twin.key ?? '');
  const before_it = await countEntries();
  await assert.rejects(confirmFile(ctx, provider, preview.key ?? ''), isProblemWithCode('invalid_input'));
  assert.equal(await countEntries(), before_it);
  await assert.rejects(confirmFile(ctx, provider, '0'.repeat(40)), isProblemWithCode('payment_upload_unknown'));
});

test('2,000 payments are recorded in one transaction', async () => {
  const rows = Array.from({ length: 2000 }, (_, index) => `ann:desk,2026-03-04,1.00,Check ${index}`);
  const before_it = await countEntries();
  const preview = await previewFile(ctx, provider, bytes(rows.join('\n')));
  const started = performance.now();
  assert.equal(await confirmFile(ctx, provider, preview.key ?? ''), 2000);
  assert.ok(performance.now() - started < 60_000);
  assert.equal(await countEntries(), before_it + 10_000);
  await assert.rejects(
    previewFile(ctx, provider, bytes(`${rows.join('\n')}\nann:desk,2026-03-04,1.00,One more`)),
    isProblemWithCode('invalid_input'),
  );
});

const url = '/billing/cowork/transfers/import/';

/** Posts a form with a file as a browser does. */
async function upload(text: string) {
  await browser.get(url);
  const body = [
    ['_csrf', browser.csrf()],
    ['action', 'preview'],
  ]
    .map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('');
  const cookie = [...browser.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  return app.http.inject({
    method: 'POST',
    url,
    headers: { accept: 'text/html', cookie, 'content-type': 'multipart/form-data; boundary=x' },
    payload: `${body}--x\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\nContent-Type: text/csv\r\n\r\n${text}\r\n--x--\r\n`,
  });
}

test('a provider checks a file on the page, sees the total, and confirms it', async () => {
  const refused = await upload('ann:desk,2026-03-01,ten');
  assert.equal(refused.statusCode, 400);
  assert.match(refused.body, /<th scope="row">1<\/th><td>Amount<\/td>/);
  const checked = await upload('ann:desk,2026-03-05,12.00,By page');
  assert.equal(checked.statusCode, 200, checked.body);
  assert.match(checked.body, /\$12\.00/);
  const key = /name="key" value="([0-9a-f]{40})"/.exec(checked.body)?.[1] ?? '';
  const confirmed = await browser.post(url, { action: 'confirm', key });
  assert.equal(confirmed.status, 303, confirmed.text);
  const listed = await browser.follow(confirmed);
  assert.match(listed.text, /By page/);
  const broken = await upload('caf\u0000');
  assert.equal(broken.statusCode, 400);
  assert.match(broken.body, /UTF-8/);
});

test('a provider records one payment on the page and reverses it once after a confirmation', async () => {
  await browser.get(url);
  const wrong = await browser.post(url, {
    action: 'record',
    subscription: 'ann',
    amount: '',
    created_at: '',
    descr: '',
  });
  assert.equal(wrong.status, 400);
  const fields = {
    action: 'record',
    subscription: 'bob:desk',
    amount: '7.00',
    created_at: '2026-03-06',
    descr: 'Cash',
  };
  const recorded = await browser.post(url, fields);
  assert.equal(recorded.status, 303, recorded.text);
  const page = await browser.follow(recorded);
  const link = /href="([^"]*\/adjustments\/[0-9a-f]{40}\/reverse\/)"/.exec(page.text)?.[1] ?? '';
  const confirm = await browser.get(link);
  assert.equal(confirm.status, 200);
  assert.match(confirm.text, /\$7\.00 less/);
  assert.equal((await browser.post(link, {})).status, 303);
  const after_it = await browser.get('/billing/cowork/adjustments/');
  assert.match(after_it.text, /was reversed/);
  assert.match(after_it.text, /Reversed/);
  assert.equal((await browser.post(link, {})).status, 303);
  assert.match((await browser.get('/billing/cowork/adjustments/')).text, /reversed already/);
  const csv = await browser.get('/billing/cowork/adjustments/download/');
  assert.match(csv.text, /Imported sale/);
});
