import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { issueCreditNotes, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { browserClient } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { noteCredit, notedAmounts, saveNotedCredit } from './note-credit.ts';

let site: ChangeSite;
let xia: ReturnType<typeof browserClient>;
let seller: ReturnType<typeof browserClient>;

before(async () => {
  site = await startChanges();
  const signIn = async (username: string) => {
    const browser = browserClient(site.app);
    await browser.get('/login/');
    assert.equal((await browser.post('/login/', { username, password: 'correct horse 7' })).status, 303);
    return browser;
  };
  [xia, seller] = [await signIn('xia'), await signIn('operator')];
});
after(() => site.close());

const credits = '/billing/xia/credits/';
const hiddenOf = (html: string) =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="(amount|unit|provider|descr|key|left)" value="([^"]*)"/g)].map(
      ([, name, value]) => [name, value],
    ),
  ) as Record<string, string>;
const lots = () =>
  site.app.db.selectFrom('credits').select(['id', 'amount', 'balance', 'description']).orderBy('id').execute();

test('without credit the page says what appears here, and offers a subscriber no gift', async () => {
  const { status, text } = await xia.get(credits);
  assert.equal(status, 200, text);
  assert.match(text, /Credit will be listed here/);
  assert.doesNotMatch(text, /Give credit/);
  assert.equal((await xia.get(`${credits}give/`)).status, 403);
  assert.match((await xia.get('/billing/xia/history/')).text, /href="\/billing\/xia\/credits\/"/);
});

test('a gift shows its effect first, and the confirmed form gives once', async () => {
  assert.match((await seller.get(credits)).text, /href="\/billing\/xia\/credits\/give\/"/);
  const give = `${credits}give/`;
  const wrong = await seller.post(give, { amount: '0', unit: 'usd', descr: '' });
  assert.equal(wrong.status, 400);
  const review = await seller.post(give, { amount: '12.50', unit: 'usd', descr: 'Thank you' });
  assert.equal(review.status, 200, review.text);
  assert.match(review.text, /Give \$12\.50 of credit/);
  assert.deepEqual(await lots(), [], 'the review gives nothing');
  const fields = hiddenOf(review.text);
  for (let run = 0; run < 2; run += 1) assert.equal((await seller.post(give, fields)).status, 303);
  assert.deepEqual(
    (await lots()).map(({ amount, description }) => [amount, description]),
    [[1250, 'Thank you']],
  );
  const { text } = await xia.get(credits);
  assert.match(text, /Thank you/);
  assert.match(text, /Left to use[\s\S]*\$12\.50/);
  assert.match((await xia.get('/billing/xia/history/')).text, /Credit left[\s\S]*\$12\.50/);
});

test('credit that was given cannot be paid out', async () => {
  const [lot] = await lots();
  const { status, text } = await seller.get(`${credits}${lot?.id}/refund/`);
  assert.equal(status, 200);
  assert.match(text, /This credit cannot be paid out/);
  assert.doesNotMatch((await seller.get(credits)).text, />Pay out</);
  assert.equal((await seller.get(`${credits}999999/refund/`)).status, 404);
});

test('a payout shows its money first, and is refused when the credit changed', async () => {
  await site.register('tess');
  const tess = await site.signIn('tess');
  await site.plan('basic');
  await site.buy(tess, 'tess', 'basic');
  const number = await noteNewest('tess', 4500);
  const path = `/billing/tess/credits/${number}/refund/`;
  assert.ok((await seller.get('/billing/tess/credits/')).text.includes(path));
  assert.equal((await seller.post(path, { amount: '45.01' })).status, 400);
  const review = await seller.post(path, { amount: '15' });
  assert.equal(review.status, 200, review.text);
  assert.match(review.text, /Pay out \$15\.00/);
  const fields = hiddenOf(review.text);
  assert.deepEqual(fields, { amount: '15', left: '4500' });
  const left = async () => (await lots()).find(({ id }) => Number(id) === number)?.balance;
  assert.equal(await left(), 4500);
  assert.equal((await seller.post(path, fields)).status, 303);
  assert.equal(await left(), 3000);
  const again = await seller.post(path, fields);
  assert.equal(again.status, 409, 'balance_changed');
  assert.match(again.text, /The balance changed since it was shown/);
  assert.equal(await left(), 3000);
});

test('the lots are divided into pages', async () => {
  for (const amount of [100, 200])
    await expectStatus(
      site.broker('POST', '/api/billing/xia/credits', { amount, unit: 'usd', descr: `Gift ${amount}` }),
      201,
    );
  const first = await xia.get(`${credits}?page_size=2`);
  assert.match(first.text, /page=2/);
  assert.match((await xia.get(`${credits}?page_size=2&page=2`)).text, /Thank you/);
  assert.match((await xia.get(`${credits}?q=zzz`)).text, /Nothing|No credit/);
});

test('the download has the filtered lots and no formula', async () => {
  const gift = { amount: 300, unit: 'usd', descr: '=HYPERLINK("x")' };
  await expectStatus(site.broker('POST', '/api/billing/xia/credits', gift), 201);
  assert.match((await xia.get(`${credits}?q=HYPERLINK`)).text, /href="[^"]*credits\/download\/\?q=HYPERLINK"/);
  const { headers, text } = await xia.get(`${credits}download/?q=HYPERLINK`);
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
  const [head, ...rows] = text.trimEnd().split('\r\n');
  assert.equal(head, 'Created at,Number,Provider,Reason,Invoice,Amount,Left,Unit');
  assert.equal(rows.length, 1, text);
  assert.match(rows[0] ?? '', /,"'=HYPERLINK\(""x""\)",,3\.00,3\.00,usd$/);
  assert.equal((await browserClient(site.app).get(`${credits}download/`)).status, 302);
});

test('the page of credit stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => xia.get(url), [credits]);
});

/** Notes an amount of the newest order of a payer, as a change of plan does. Returns the number of the lot. */
async function noteNewest(payer: string, amount: number): Promise<number> {
  const line = await site.app.db
    .selectFrom('order_lines as line')
    .innerJoin('orders', 'orders.id', 'line.order_id')
    .innerJoin('profiles', 'profiles.id', 'orders.profile_id')
    .select(['line.id', 'orders.profile_id'])
    .where('profiles.slug', '=', payer)
    .orderBy('line.id', 'desc')
    .executeTakeFirstOrThrow();
  const at = site.app.clock.now();
  return inTransaction(site.app.db, async (tx) => {
    const noted = await noteCredit(tx, [{ order_line_id: line.id, amount, kind: 'unused_time' }], {
      holder_id: line.profile_id,
      created_by: null,
      at,
    });
    const posted = await postEvent(tx, {
      key: `note:${line.id}:${amount}`,
      kind: 'change',
      at,
      entries: noted.entries,
    });
    await saveNotedCredit(tx, noted, posted, { at });
    const [entry] = posted;
    assert.ok(entry);
    await issueCreditNotes(tx, { ledger_event_id: entry.ledger_event_id, at }, notedAmounts(noted, posted));
    return Number(noted.lots[0]?.id);
  });
}
