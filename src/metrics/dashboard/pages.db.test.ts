import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { makeSharedCharge, type SharedCharge } from '../../../test/support/shared-charge.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let browsers: SharedCharge['browsers'];
let key: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  ({ browsers, key } = await makeSharedCharge(app, { pool_card: { period_amount: 24_000, period_type: 'yearly' } }));
});
after(() => app.close());

const home = (slug: string) => `/metrics/${slug}/dashboard/`;

test('a seller sees its own part of a shared charge and nothing of the other seller', async () => {
  const { status, text } = await browsers.gina.get(home('gymclub'));
  assert.equal(status, 200, text);
  assert.match(text, /\$11\.00 today/);
  assert.match(text, new RegExp(`/billing/acme/receipt/${key}/`));
  assert.doesNotMatch(text.replaceAll(key, ''), /pool|240\.00|251\.00|<i>Acme/i);
});

test('the values of a chart are downloaded by its seller only', async () => {
  const url = `${home('gymclub')}download/usd/`;
  const { status, text } = await browsers.gina.get(url);
  assert.equal(status, 200, text);
  const rows = text.trim().split('\r\n');
  assert.equal(rows.length, 14, text);
  assert.match(rows.at(-1) ?? '', /,11\.00,/);
  assert.equal((await browsers.paul.get(url)).status, 403);
});

test('the period of the address decides the chart and the first tile; an unknown one shows months', async () => {
  const pageOf = async (query: string) => (await browsers.gina.get(`${home('gymclub')}${query}`)).text;
  const weeks = await pageOf('?period=week');
  assert.match(weeks, /Money in this week/);
  assert.match(weeks, /in the week before/);
  assert.match(weeks, /href="\/metrics\/gymclub\/dashboard\/\?period=week" aria-current="true"/);
  assert.match(weeks, /dashboard\/download\/usd\/\?period=week/);
  const years = await pageOf('?period=year');
  assert.match(years, /Money in this year/);
  for (const query of ['', '?period=month', '?period=century', '?period=week&period=year'])
    assert.match(await pageOf(query), /Money in this month/, query);
  const rows = (await browsers.gina.get(`${home('gymclub')}download/usd/?period=year`)).text.trim().split('\r\n');
  assert.equal(rows.length, 6, rows.join('\n'));
  assert.match(rows.at(-1) ?? '', /,11\.00,/);
});

test('recurring revenue divides the price of a year by its months', async () => {
  assert.match((await browsers.paul.get(home('poolside'))).text, /\$20\.00/);
});

test('a dispute is among what waits for the seller, with the amount of its lines', async () => {
  const url = `/_dev/processor/charges/${key}`;
  await app.http.inject({ method: 'POST', url, payload: { state: 'disputed' } });
  assert.match((await browsers.gina.get(home('gymclub'))).text, /1 dispute, \$11\.00/);
});

test('the broker opens every home, other sellers and subscribers none', async () => {
  assert.equal((await browsers.bea.get(home('cowork'))).status, 200);
  assert.equal((await browsers.bea.get(home('gymclub'))).status, 200);
  assert.equal((await browsers.paul.get(home('gymclub'))).status, 403);
  assert.equal((await browsers.boss.get(home('gymclub'))).status, 403);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => browsers.gina.get(url), [home('gymclub'), `${home('gymclub')}?period=year`]);
});
