import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { verifyLedger } from '#ledger';
import { findCountErrors, foldListCounts } from '#platform/lists/row-count-store';
import { changeAndRestore } from '../../../test/support/change-and-restore.ts';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { makeSharedCharge, type SharedCharge } from '../../../test/support/shared-charge.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { paymentsLedgerChecks } from '../ledger-check-store.ts';

let app: TestApp;
let browsers: SharedCharge['browsers'];
let shared: string;
let gym_only: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const made = await makeSharedCharge(app, { pool_card: { period_amount: 2300 } });
  ({ browsers, key: shared } = made);
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  gym_only = await made.buy('gym-pass');
});
after(() => app.close());

const gym = '/billing/gymclub/charges/';
const pool = '/billing/poolside/charges/';
const rowsOf = (html: string) => html.split('<tr role="row">').length - 2;
const hiddenOf = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? assert.fail(`no ${name}: ${html}`);
const without = (text: string) => text.replaceAll(shared, '').replaceAll(gym_only, '');

test('a provider sees the charges with its lines, the amounts of these lines and nothing of other sellers', async () => {
  const { status, text } = await browsers.gina.get(gym);
  assert.equal(status, 200, text);
  assert.equal(rowsOf(text), 2);
  assert.ok(text.indexOf(gym_only) < text.indexOf(shared), 'the newest first');
  assert.match(text, new RegExp(`href="${gym}${shared}/\\?next=`));
  assert.match(text, /href="\/billing\/gymclub\/charges\/"[^>]*aria-current/);
  assert.doesNotMatch(without(text), /pool|23\.00|34\.00|4242|ending in|<i>Acme/i);
  const of_pool = await browsers.paul.get(pool);
  assert.equal(rowsOf(of_pool.text), 1);
  assert.match(of_pool.text, /23\.00/);
  assert.doesNotMatch(without(of_pool.text), /gym|11\.00|34\.00/i);
});

test('search, amounts, tabs and sorting work on the lines of the provider only', async () => {
  for (const [query, rows] of [
    ['?q=gym', 2],
    ['?q=pool', 0],
    [`?q=${shared}`, 1],
    ['?q=acme', 2],
    ['?q=ac', 2],
    ['?amount_min=12', 0],
    ['?amount_max=11', 2],
    ['?state=done', 2],
    ['?state=failed', 0],
    ['?state=refunded', 0],
    ['?o=full_name', 2],
    ['?o=-amount&page=99', 2],
    ['?start_at=2000-01-01&ends_at=2000-02-01', 0],
    ['?state=x&amount_min=y&o=secret', 2],
  ] as const) {
    const { status, text } = await browsers.gina.get(`${gym}${query}`);
    assert.equal(status, 200, query);
    assert.equal(rows === 0 ? 0 : rowsOf(text), rows, query);
    if (rows === 0) assert.match(text, /No charge/, query);
  }
  const found = await browsers.gina.get(`${gym}?q=gym`);
  assert.match(found.text, /\$22\.00 in total/);
  assert.match(found.text, /Paid <small>2<\/small>/);
});

test('the download has the filtered rows of the provider and no formula', async () => {
  const { headers, text } = await browsers.gina.get(`${gym}download/?q=${shared}`);
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
  assert.match(String(headers['content-disposition']), /filename="charges-gymclub-\d{8}\.csv"/);
  const [head, ...rows] = text.trimEnd().split('\r\n');
  assert.equal(head, 'Created at,Amount,Refunded,Unit,State,Customer,Description,Reference');
  assert.equal(rows.length, 1);
  assert.match(rows[0] ?? '', /^\d{4}-\d\d-\d\d,11\.00,0\.00,usd,done,.*,"Gym pass, 1 month until [^"]*",ch_/);
  assert.doesNotMatch(without(text), /pool|23\.00|34\.00/i);
});

test('the page of a charge shows the lines of the provider; other charges are unknown', async () => {
  const { status, text } = await browsers.gina.get(`${gym}${shared}/`);
  assert.equal(status, 200, text);
  assert.match(text, /<h1[^>]*>\$11\.00<\/h1>/);
  assert.doesNotMatch(without(text), /pool|23\.00|2300|34\.00|3400/i);
  assert.match(text, new RegExp(`href="${gym}${shared}/refund/`));
  for (const address of [`${pool}${gym_only}/`, `${pool}${gym_only}/refund/`, `${pool}ch_unknown/`])
    assert.equal((await browsers.paul.get(address)).status, 404, address);
  for (const address of [gym, `${gym}download/`, `${gym}${shared}/`, `${gym}${shared}/refund/`])
    for (const who of ['paul', 'boss'] as const) assert.equal((await browsers[who].get(address)).status, 403, address);
});

test('contributors read the charges and cannot refund them', async () => {
  assert.equal((await browsers.cora.get(gym)).status, 200);
  assert.doesNotMatch((await browsers.cora.get(`${gym}${shared}/`)).text, /Refund…/);
  assert.match((await browsers.cora.get(`${gym}${shared}/refund/`)).text, /Managers of the seller can refund/);
  assert.equal((await browsers.cora.post(`${gym}${shared}/refund/`, { line_0: '1.00' })).status, 403);
});

test('a provider refunds its own line after it lost access to the customer, and no line of another', async () => {
  const long_ago = new Date(app.clock.now().getTime() - 200 * 86_400_000);
  await app.db.updateTable('subscriptions').set({ created_at: long_ago, ends_at: long_ago }).execute();
  app.clock.set(new Date(app.clock.now().getTime() + 120_000));
  assert.equal((await browsers.gina.get(`/billing/acme/receipt/${shared}/`)).status, 403);
  const url = `${gym}${shared}/refund/`;
  const forged = await browsers.gina.post(url, { key: 'k', lines: '1:100' });
  assert.equal(forged.status, 403);
  const review = await browsers.gina.post(url, { line_0: '4.00' });
  assert.equal(review.status, 200, review.text);
  assert.match(review.text, /Your funds/);
  const fields = { key: hiddenOf(review.text, 'key'), lines: hiddenOf(review.text, 'lines') };
  const done = await browsers.gina.post(url, fields);
  assert.equal(done.status, 303, done.text);
  assert.equal(done.headers['location'], `${gym}${shared}/`);
  const listed = await browsers.gina.get(`${gym}?state=refunded`);
  assert.equal(rowsOf(listed.text), 1);
  assert.match(listed.text, /Partly refunded/);
  assert.match(listed.text, /\$4\.00<\/span>\s+refunded/);
  assert.match((await browsers.paul.get(pool)).text, /<\/svg>Paid<\/span>/);
});

test('the broker sees the charges of a provider with the lines of the provider', async () => {
  const { text } = await browsers.bea.get(`${pool}${shared}/`);
  assert.match(text, /<h1[^>]*>\$23\.00<\/h1>/);
  assert.doesNotMatch(without(text), /Gym pass/);
});

test('the list takes the state of each charge', async () => {
  await app.http.inject({
    method: 'POST',
    url: `/_dev/processor/charges/${gym_only}`,
    payload: { state: 'disputed' },
  });
  assert.equal(rowsOf((await browsers.gina.get(`${gym}?state=disputed`)).text), 1);
});

test('the list has the facts of each charge, and the verification of the ledger finds a row that differs', async () => {
  const find = async () =>
    (await verifyLedger(app.db, { checks: paymentsLedgerChecks })).violations
      .filter(({ rule }) => rule.startsWith('the list of the charges of a provider'))
      .map(({ where, detail }) => `${where}: ${detail}`);
  assert.deepEqual(await find(), []);
  const row = sql`where processor_key = ${gym_only}`;
  for (const [change, found] of [
    [sql`update seller_charges set amount = 1 ${row}`, 'lines 1, 1100 usd; listed 1, 1 usd'],
    [sql`update seller_charges set state = 'done' ${row}`, 'its facts are listed otherwise'],
    [sql`delete from seller_charges ${row}`, 'it is not listed'],
  ] as const)
    assert.deepEqual(await changeAndRestore(app.db, ['seller_charges'], change, find), [
      `charge ${gym_only}: ${found}`,
    ]);
});

test('the list counts the charges of the totals and those since then', async () => {
  const countOf = async () => {
    const { text } = await browsers.gina.get(gym);
    return /(\d+) charges/.exec(text)?.[1];
  };
  assert.equal(await countOf(), '2');
  // The first run chooses the rows, the second one adds them.
  for (let run = 0; run < 2; run += 1) await foldListCounts(app.db);
  const { rows } = await sql`select sum(rows_count)::int as count from seller_charge_totals`.execute(app.db);
  assert.deepEqual(rows, [{ count: 3 }]);
  assert.equal(await countOf(), '2');
  assert.deepEqual(await findCountErrors(app.db), []);
  await sql`update seller_charge_totals set rows_count = rows_count + 1`.execute(app.db);
  assert.equal((await findCountErrors(app.db)).length, 2);
  await sql`select rebuild_list_counts()`.execute(app.db);
  assert.deepEqual(await findCountErrors(app.db), []);
});

test('the pages stay within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => browsers.gina.get(url), [gym, `${gym}?q=gym`, `${gym}${shared}/`]);
});
