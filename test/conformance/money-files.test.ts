import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readAllRows } from '../support/all-rows.ts';
import { apiClient, registerUser, signInBrowser } from '../support/client.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { uploadFile } from '../support/upload-file.ts';

// Files that must not be read, uploaded to each place that reads CSV: the cart of the API, the page of people, and the
// page of payments. Each names the file, and the row if one is to blame; nothing is written. The process survives.

type Browser = Awaited<ReturnType<typeof signInBrowser>>;

let app: TestApp;
let token: string;
let buyer: Browser;
let manager: Browser;
before(async () => {
  app = await startApp();
  const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  await registerBrokerManager(app, 'operator');
  token = await registerUser(app, 'bob');
  await makePlan(ctx, { slug: 'basic', title: 'Basic' });
  await app.db.updateTable('profiles').set({ is_bulk_buyer: true }).where('slug', '=', 'bob').execute();
  const call = apiClient(app, token);
  await call('POST', '/api/cart', { plan: 'basic' });
  await call('GET', '/api/billing/bob/checkout');
  assert.equal((await call('POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa' })).status, 201);
  [buyer, manager] = [await signInBrowser(app, 'bob'), await signInBrowser(app, 'operator')];
});
after(() => app.close());

const people_url = '/billing/bob/cart-seats/';
const payments_url = '/billing/cowork/transfers/import/';

/** Posts the form with a file, as a browser without scripts does. */
async function postFile(browser: Browser, url: string, fields: Record<string, string>, content: string | Uint8Array) {
  const parts = Object.entries({ _csrf: browser.csrf(), ...fields }).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n';
  const payload = Buffer.concat([
    Buffer.from(parts.join('') + head),
    Buffer.from(content),
    Buffer.from('\r\n--x--\r\n'),
  ]);
  return browser.send({ method: 'POST', url, payload, headers: { 'content-type': 'multipart/form-data; boundary=x' } });
}

interface Reply {
  place: string;
  status: number;
  text: string;
}

/** Uploads a file of one good row and the given bytes to each place. */
async function uploadEverywhere(fileFor: (good_row: string) => string | Uint8Array): Promise<Reply[]> {
  await buyer.get(`${people_url}?plan=basic`);
  await manager.get(payments_url);
  const [people, payments] = ['Ann,ann@example.com\r\n', 'bob:basic,2026-01-05,10.00\r\n'];
  const api = await uploadFile(app, token, '/api/cart/basic/upload', fileFor(people));
  const listed = await postFile(buyer, people_url, { plan: 'basic', action: 'preview' }, fileFor(people));
  const paid = await postFile(manager, payments_url, { action: 'preview' }, fileFor(payments));
  return [
    { place: 'cart', status: api.statusCode, text: api.body },
    { place: 'people', status: listed.status, text: listed.text },
    { place: 'payments', status: paid.status, text: paid.text },
  ];
}

const megabytes = (count: number) => count * 1024 * 1024;

/** A file that is refused everywhere, and the sentence that names the cause. */
const refused: [about: string, fileFor: (good_row: string) => string | Uint8Array, RegExp][] = [
  ['an endless row', (row) => `${row}${'x'.repeat(megabytes(3))}`, /Row 2 has more than 2000 characters/],
  ['a row of a million cells', (row) => `${row}${','.repeat(1_000_000)}`, /Row 2 has more than 2000 characters/],
  ['a million rows', (row) => `${row}${'a,b\n'.repeat(1_000_000)}`, /The file has more than \d+ rows/],
  ['a million empty quotations', (row) => `${row}${'""\n'.repeat(1_000_000)}`, /more than \d+ rows/],
  ['a quotation that never ends', (row) => `${row}"${'x\n'.repeat(100_000)}`, /Row \d+ has more than 2000/],
  ['a quotation at the end', (row) => `${row}"x`, /Row 2 has a quotation mark that is not closed/],
  ['a quotation inside a cell', (row) => `${row}a "b" c,d`, /Row 2 cannot be read/],
  ['UTF-16 with a mark', (row) => Buffer.from(`\u{feff}${row}`, 'utf16le'), /UTF-16/],
  ['UTF-16 without a mark', (row) => Buffer.from(row, 'utf16le'), /UTF-16/],
  ['UTF-16, the other order', (row) => Buffer.from(`\u{feff}${row}`, 'utf16le').swap16(), /UTF-16/],
  ['Latin-1', (row) => Buffer.from(`${row}Zoë,zoe@example.com`, 'latin1'), /Latin-1/],
  ['invalid UTF-8', (row) => Buffer.concat([Buffer.from(row), Buffer.from([0xc3, 0x28])]), /another encoding/],
  ['an overlong character', (row) => Buffer.concat([Buffer.from(row), Buffer.from([0xc0, 0xaf])]), /another encoding/],
  ['half of a pair', (row) => Buffer.concat([Buffer.from(row), Buffer.from([0xed, 0xa0, 0x80])]), /another encoding/],
  ['a NUL character', (row) => `${row}A\u{0}nn,x@example.com`, /not a text file|UTF-8/],
  ['a ZIP archive', () => Buffer.from('PK\u{3}\u{4}\u{0}\u{0}\u{14}\u{0}', 'latin1'), /text file|UTF-16|UTF-8/],
];

for (const [about, fileFor, cause] of refused)
  test(`${about} is refused everywhere at the field of the file, and nothing is written`, async () => {
    const before_all = await readAllRows(app.database);
    for (const { place, status, text } of await uploadEverywhere(fileFor)) {
      assert.equal(status, 400, `${place}: ${text.slice(0, 400)}`);
      assert.match(text, cause, place);
      if (place === 'cart') assert.deepEqual(Object.keys(JSON.parse(text) as object), ['file', 'code']);
      else assert.match(text, /id="id_file-error"/, place);
    }
    assert.deepEqual(await readAllRows(app.database), before_all);
  });

test('a file of 100 MB is refused without being read, by its size', async () => {
  const before_all = await readAllRows(app.database);
  const peak = process.memoryUsage.rss();
  for (const { place, status, text } of await uploadEverywhere((row) => Buffer.alloc(megabytes(100), row))) {
    assert.equal(status, 413, `${place}: ${text.slice(0, 300)}`);
    assert.match(text, /too large|5 MB/, place);
  }
  assert.ok(process.memoryUsage.rss() - peak < megabytes(900), 'three bodies of 100 MB, and no copies of their rows');
  assert.deepEqual(await readAllRows(app.database), before_all);
});

test('rows that cannot be read are named with their number and their field, and nothing of the file is written', async () => {
  const before_all = await readAllRows(app.database);
  const broken = [
    'bob:basic,2026-01-05,10.00',
    'bob:basic,2026-01-06,9007199254740993',
    'bob:basic,2026-01-06,-1',
    'bob:basic,2026-01-06,1.005',
    'bob:basic,2026-01-06,1e3',
    'bob:basic,2026-01-06,10 usd',
    'bob:basic,2026-01-06,0',
    'bob:basic,2026-02-30,10',
    'eve:basic,2026-01-06,10',
    'bob:basic',
    `bob:basic${',x'.repeat(900)}`,
    '=1+1,2026-01-06,10',
  ];
  await manager.get(payments_url);
  const page = await postFile(manager, payments_url, { action: 'preview' }, broken.join('\n'));
  assert.equal(page.status, 400);
  const rows = [...page.text.matchAll(/<th scope="row">(\d+)<\/th><td>([^<]+)</g)].map(([, row, field]) => [
    row,
    field,
  ]);
  assert.deepEqual(
    rows.map(([row]) => Number(row)),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    JSON.stringify(rows),
  );
  assert.deepEqual(await readAllRows(app.database), before_all);
});

test('semicolons, tabulators, byte-order marks and old line ends are read', async () => {
  for (const separator of [',', ';', '\t'])
    for (const end of ['\n', '\r\n', '\r']) {
      const about = JSON.stringify([separator, end]);
      await buyer.get(`${people_url}?plan=basic`);
      const people = `\u{feff}${[`Ann${separator}ann@example.com`, `Bob${separator}b@example.com`].join(end)}`;
      const listed = await postFile(buyer, people_url, { plan: 'basic', action: 'preview' }, people);
      assert.deepEqual([listed.status, /2 people for/.test(listed.text)], [200, true], about);
      await manager.get(payments_url);
      const cells = ['bob:basic', '2026-03-01', separator === ';' ? '10,50' : '10.50'];
      const paid = await postFile(
        manager,
        payments_url,
        { action: 'preview' },
        `\u{feff}${cells.join(separator)}${end}`,
      );
      assert.deepEqual([paid.status, paid.text.includes('$10.50')], [200, true], about);
    }
});
