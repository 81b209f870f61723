import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { readRows } from '../cart/index.ts';
import { readPeople } from './preview-people.ts';

let app: TestApp;
let ctx: TestContext;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
});
after(() => app.close());

type Browser = Awaited<ReturnType<typeof signInBrowser>>;

async function openBuyer(name: string, is_bulk_buyer = true) {
  const call = apiClient(app, await registerUser(app, name));
  await app.db.updateTable('profiles').set({ is_bulk_buyer }).where('slug', '=', name).execute();
  return { call, browser: await signInBrowser(app, name), url: `/billing/${name}/cart-seats/` };
}

/** Posts the form of the list as a browser without scripts does. */
async function postList(browser: Browser, url: string, fields: Record<string, string>, content: string | Uint8Array) {
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

const countItems = async (name: string) => {
  const rows = await app.db
    .selectFrom('cart_items')
    .innerJoin('users', 'users.id', 'cart_items.user_id')
    .select('cart_items.id')
    .where('username', '=', name)
    .execute();
  return rows.length;
};

const keyOf = (page: string) => /name="key" value="([0-9a-f]{40})"/.exec(page)?.[1] ?? '';

test('a preview names every bad row with its field and changes nothing until the list is confirmed', async () => {
  const { call, browser, url } = await openBuyer('lister');
  const plan = await makePlan(ctx, { setup_amount: 500 });
  await call('POST', '/api/cart', { plan: plan.slug, sync_on: 'ann@example.com' });
  await browser.get(`${url}?plan=${plan.slug}`);
  const csv = [
    'name;email',
    'Ann;ann@example.com',
    'Bob;bob@example.com',
    ';nameless@example.com',
    'Broken;not-an-address',
    'Ann again;ANN@example.com',
    'one cell',
    '',
  ].join('\r\n');
  const page = await postList(browser, url, { plan: plan.slug, action: 'preview', option: '1' }, `\u{feff}${csv}`);
  assert.equal(page.status, 200, page.text.slice(0, 500));
  const rows = [...page.text.matchAll(/<th scope="row">(\d+)<\/th><td[^>]*>([^<]+)<\/td><td>([^<]+)</g)].map(
    ([, row, field, message]) => [Number(row), field, message],
  );
  assert.deepEqual(rows, [
    [4, 'Name', 'Enter a name of at most 150 characters.'],
    [5, 'E-mail', 'Enter a valid email address.'],
    [6, 'E-mail', 'Row 2 has this e-mail address.'],
    [7, 'Row', 'Write a name and an e-mail address, or a first name, a last name and an address.'],
  ]);
  assert.match(page.text, /2 people for/);
  assert.match(page.text, /\$25\.00/, 'one new seat with its setup fee');
  assert.equal(await countItems('lister'), 1, 'the cart is unchanged');

  const key = keyOf(page.text);
  const confirmed = await browser.post(url, { plan: plan.slug, action: 'confirm', key });
  assert.deepEqual([confirmed.status, confirmed.headers['location']], [303, `${url}?plan=${plan.slug}`]);
  assert.equal(await countItems('lister'), 2);
  const shown = await browser.get(`${url}?plan=${plan.slug}`);
  assert.match(shown.text, /2 people in the cart/);
  const again = await browser.post(url, { plan: plan.slug, action: 'confirm', key });
  assert.equal(again.status, 404, 'a list is added once');
  assert.match(again.text, /This list was added already/, 'seat_upload_unknown');
  assert.equal(await countItems('lister'), 2);
});

test('a list of another user cannot be confirmed, and a list is forgotten after a day', async () => {
  const [owner, other] = [await openBuyer('list-owner'), await openBuyer('list-thief')];
  const plan = await makePlan(ctx);
  await owner.browser.get(`${owner.url}?plan=${plan.slug}`);
  const page = await postList(owner.browser, owner.url, { plan: plan.slug, action: 'preview' }, 'Ann,ann@example.com');
  const key = keyOf(page.text);
  await other.browser.get(`${other.url}?plan=${plan.slug}`);
  assert.equal((await other.browser.post(other.url, { plan: plan.slug, action: 'confirm', key })).status, 404);
  await runJob(app.tollgate, 'forget_seat_uploads', new Date(app.clock.now().getTime() + 86_400_001));
  assert.deepEqual(await app.db.selectFrom('seat_uploads').selectAll().execute(), []);
  assert.equal((await owner.browser.post(owner.url, { plan: plan.slug, action: 'confirm', key })).status, 404);
  assert.equal(await countItems('list-owner'), 0);
});

test('a file that cannot be read is refused at its field; a form without the CSRF token is refused', async () => {
  const { browser, url } = await openBuyer('unreadable');
  const plan = await makePlan(ctx);
  await browser.get(`${url}?plan=${plan.slug}`);
  const fields = { plan: plan.slug, action: 'preview' };
  const cases: [string | Uint8Array, RegExp][] = [
    ['', /Choose a file/],
    ['\n\n', /The file has no rows/],
    [Buffer.from('Zoë,zoe@example.com', 'latin1'), /Latin-1/],
    [Buffer.from('\u{feff}Ann,ann@example.com', 'utf16le'), /UTF-16/],
    ['A,a@example.com\n'.repeat(10_001), /more than 10000 rows/],
    ['"'.padEnd(100_000, 'x'), /more than 2000 characters/],
  ];
  for (const [content, message] of cases) {
    const page = await postList(browser, url, fields, content);
    assert.equal(page.status, 400, page.text.slice(0, 300));
    assert.match(page.text, message);
    assert.match(page.text, /id="id_file-error"/);
  }
  const forged = await postList(browser, url, { ...fields, _csrf: 'x' }, 'Ann,ann@example.com');
  assert.equal(forged.status, 403);
  assert.deepEqual(await app.db.selectFrom('seat_uploads').selectAll().execute(), []);
});

test('a bulk buyer adds and removes people one by one, chooses the time to pay for, and pays', async () => {
  const { browser, url, call } = await openBuyer('one-by-one');
  const plan = await makePlan(ctx, {
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  await call('POST', '/api/cart', { plan: plan.slug, sync_on: 'gone@example.com' });
  const cart = await browser.get('/billing/one-by-one/cart/');
  assert.equal(cart.headers['location'], url, 'the cart leads to the people');
  await browser.get(url);
  const refused = await browser.post(url, { plan: plan.slug, action: 'add', full_name: '', email: 'x' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /Enter a valid email address/);
  const person = { full_name: 'Ann Lee', email: 'ann-lee@example.com', option: '2' };
  assert.equal((await browser.post(url, { plan: plan.slug, action: 'add', ...person })).status, 303);
  await browser.post(url, { plan: plan.slug, action: 'remove', email: 'gone@example.com' });
  const shown = await browser.get(url);
  assert.match(shown.text, /1 person in the cart/);
  await call('GET', '/api/billing/one-by-one/checkout');
  const repeated = await call('POST', '/api/billing/one-by-one/checkout', { processor_token: 'tok_visa' });
  assert.deepEqual([repeated.status, repeated.json()['amount']], [201, 21_600], repeated.text);
});

test('the buyer clears a list, and keeps the own item', async () => {
  const { browser, url, call } = await openBuyer('clearer');
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', [{ plan: plan.slug }, { plan: plan.slug, sync_on: 'a@example.com' }]);
  await call('POST', '/api/cart', { plan: plan.slug, sync_on: 'b@example.com' });
  await browser.get(url);
  await browser.post(url, { plan: plan.slug, action: 'clear' });
  assert.equal(await countItems('clearer'), 1);
});

test('a buyer who does not buy for others is led to the checkout', async () => {
  const { browser, url, call } = await openBuyer('single-buyer', false);
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: plan.slug });
  assert.equal((await browser.get(url)).headers['location'], '/billing/single-buyer/checkout/');
  assert.equal(
    (await browser.get('/billing/single-buyer/cart/')).headers['location'],
    '/billing/single-buyer/checkout/',
  );
  await browser.get('/billing/single-buyer/checkout/');
  const posted = await browser.post(url, { plan: plan.slug, action: 'add', full_name: 'A', email: 'a@example.com' });
  assert.equal(posted.status, 303);
  assert.equal(await countItems('single-buyer'), 1);
});

test('a first line of headings is skipped; any other first line is a row', () => {
  const read = (text: string) => readPeople(readRows(text));
  for (const line of ['First name,Last name,E-mail', 'full_name,email', 'Name;Email address']) {
    const separator = line.includes(';') ? ';' : ',';
    const { people, faults } = read(`${line}\nAnn${separator}ann@example.com`);
    assert.deepEqual([people.length, faults], [1, []], line);
  }
  assert.deepEqual(
    read('Ann,email').faults.map(({ row, field }) => [row, field]),
    [[1, 'email']],
  );
});
