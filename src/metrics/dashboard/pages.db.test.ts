import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, moveAmount, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeSubject, orderEntry, paidEntry } from '../../../test/support/factories/ledger.ts';
import { makePerson } from '../../../test/support/factories/subscriptions.ts';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { makeSharedCharge, type SharedCharge } from '../../../test/support/shared-charge.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let browsers: SharedCharge['browsers'];
let key: string;
before(async () => {
  // The end of March: a card of March expires within the week.
  app = await startApp({ now: new Date('2026-03-28T12:00:00Z'), config: { terms_required: false } });
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

const DAY_MS = 86_400_000;
const unescape = (text: string) => text.replaceAll('&amp;', '&');

test('the next days have renewals with their amounts, endings, trials, pauses and cards, each with its list', async () => {
  const ctx: TestContext = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  const provider = await findProfileBySlug(app.db, 'gymclub');
  assert.ok(provider);
  const plan = await makePlan(ctx, { provider_id: provider.id, period_amount: 2500, renewal_type: 'auto-renew' });
  const soon = new Date(app.clock.now().getTime() + 3 * DAY_MS);
  const later = new Date(app.clock.now().getTime() + 30 * DAY_MS);
  const facts = [
    { ends_at: soon, auto_renew: true, quantity: 3 },
    { ends_at: soon, auto_renew: false },
    { ends_at: soon, auto_renew: true, trial_ends_at: soon },
    { ends_at: later, auto_renew: true, paused_at: app.clock.now(), resumes_at: soon },
    { ends_at: later, auto_renew: true },
    { ends_at: later, auto_renew: true },
  ];
  const people = [];
  for (const fact of facts) {
    const { profile } = await makePerson(app.db);
    people.push(profile);
    await app.db
      .insertInto('subscriptions')
      .values({ profile_id: profile.id, plan_id: plan.id, created_at: app.clock.now(), ...fact })
      .execute();
  }
  for (const [index, exp_date] of ['2026-03-01', '2026-04-01'].entries())
    await app.db
      .insertInto('payment_methods')
      .values({
        profile_id: people[index + 4]?.id ?? assert.fail(),
        processor: 'test',
        customer_key: `cus_${index}`,
        last4: '4242',
        exp_date,
        updated_at: app.clock.now(),
      })
      .execute();

  const { text } = await browsers.gina.get(home('gymclub'));
  const lines = [...text.matchAll(/<dt dir="auto"><a href="([^"]+)">([^<]+)<\/a><small dir="auto">([^<]+)/g)].map(
    ([, href = '', label, count]) => ({ href: unescape(href), label, count }),
  );
  assert.deepEqual(
    lines.map(({ label, count }) => [label, count]),
    [
      ['Renewals', '1 subscription'],
      ['Endings', '1 subscription'],
      ['Trials that end', '1 subscription'],
      ['Pauses that end', '1 subscription'],
      ['Cards that expire', '1 subscription'],
    ],
  );
  assert.match(text, /\$75\.00/);
  for (const { href, label } of lines) {
    const list = await browsers.gina.get(href);
    assert.match(list.text, /data-list-count="1 subscription"/, `${label}: ${href}`);
  }
});

test('each tile opens its list, and a due order is in that of the debts', async () => {
  const provider = await findProfileBySlug(app.db, 'gymclub');
  assert.ok(provider);
  const { profile: payer } = await makePerson(app.db);
  const entries = [orderEntry({ provider: provider.id, payer: payer.id, amount: 4321, subject: makeSubject() })];
  const at = app.clock.now();
  await inTransaction(app.db, (tx) => postEvent(tx, { key: 'due', kind: 'order', at, entries }));
  const { text } = await browsers.gina.get(home('gymclub'));
  assert.match(text, /\$43\.21/);
  const tiles = [...text.matchAll(/<span class="tg-figure d-block" dir="auto"><a href="([^"]+)"/g)].map(
    ([, href = '']) => unescape(href),
  );
  assert.equal(tiles.length, 4);
  for (const href of tiles) assert.equal((await browsers.gina.get(href)).status, 200, href);
  assert.match((await browsers.gina.get('/metrics/gymclub/balances-due/')).text, /\$43\.21/);
});

test('what credit pays is not money in', async () => {
  const [provider, payer] = [await findProfileBySlug(app.db, 'poolside'), (await makePerson(app.db)).profile];
  assert.ok(provider);
  const before = (await browsers.paul.get(`${home('poolside')}download/usd/`)).text;
  const subject = makeSubject();
  const entries = [
    moveAmount({
      from: { profile_id: payer.id, account: accounts.liability },
      to: { profile_id: provider.id, account: accounts.credit },
      amount: 777,
      unit: 'usd',
      subject,
      description: 'Credit used',
    }),
    paidEntry({ provider: provider.id, amount: 777, subject }),
  ];
  await inTransaction(app.db, (tx) => postEvent(tx, { key: 'credit', kind: 'order', at: app.clock.now(), entries }));
  assert.equal((await browsers.paul.get(`${home('poolside')}download/usd/`)).text, before);
});

test('a seller without sales sees empty states', async () => {
  const { text } = await browsers.bea.get(home('cowork'));
  for (const words of ['No payments yet', 'No subscription renews or ends', 'Charges will be listed here'])
    assert.ok(text.includes(words), words);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => browsers.gina.get(url), [home('gymclub'), `${home('gymclub')}?period=year`]);
});
