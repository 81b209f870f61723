import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, eventsPostedBy, expectStatus, H, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('basic');
  await site.plan('team', { quantity_min: 2, quantity_max: 50, pause_days_max: 30 });
});
after(() => site.close());

interface Read {
  quantity: number;
  ends_at: string;
}
const read = async (name: string, plan: string) =>
  (
    await expectStatus((await site.signIn(name))('GET', `/api/profile/${name}/subscriptions/${plan}`), 200)
  ).json<Read>();
const coveragesOf = async (plan: string) =>
  site.app.db
    .selectFrom('coverages')
    .innerJoin('subscriptions', 'subscriptions.id', 'coverages.subscription_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select(['coverages.amount', 'coverages.quantity'])
    .where('plans.slug', '=', plan)
    .orderBy('coverages.rank')
    .execute();

test('a quantity outside the limits of the plan is refused at its field', async () => {
  for (const [item, message] of [
    [{ plan: 'team', quantity: 1 }, /greater than or equal to 2/],
    [{ plan: 'team', quantity: 51 }, /less than or equal to 50/],
  ] as const) {
    const refused = await site.xia('POST', '/api/cart', item);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json<{ quantity: string[] }>().quantity[0] ?? '', message);
  }
});

test('a quantity has no effect on a plan that is not sold by quantity', async () => {
  const joe = await site.register('joe');
  await site.buy(joe, 'joe', 'basic', { quantity: 50 });
  assert.equal((await read('joe', 'basic')).quantity, 1);
  assert.deepEqual(await coveragesOf('basic'), [{ amount: 9000, quantity: 1 }]);
});

test('five seats cost five times the price, and the subscription has them; a change prorates them', async () => {
  const events = await eventsPostedBy(site, () => site.buy(site.xia, 'xia', 'team', { quantity: 5 }));
  assert.match(events.join('\n'), /cowork:Receivable→xia:Payable 5000/);
  assert.equal((await read('xia', 'team')).quantity, 5);
  assert.deepEqual(await coveragesOf('team'), [{ amount: 5000, quantity: 5 }]);
  const receipts = (await site.xia('GET', '/api/billing/xia/history')).text;
  assert.match(receipts, /50\.00/);
  site.moveTo(H);
  const xia = await site.signIn('xia');
  const url = '/api/profile/xia/subscriptions/team/change';
  // V35: three more seats for the rest of the period.
  const more = await expectStatus(xia('GET', `${url}?to=team&quantity=8`), 200);
  assert.equal(more.json<{ charge_amount: number }>().charge_amount, 1500);
});

test('another period of a running subscription is bought in its quantity', async () => {
  const xia = await site.signIn('xia');
  await expectStatus(xia('POST', '/api/cart', { plan: 'team', quantity: 9 }), 200, 201);
  const early = await xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' });
  assert.equal(early.status, 409, 'the buyer was shown nine seats');
  const shown = await expectStatus(xia('GET', '/api/billing/xia/checkout'), 200);
  assert.match(shown.text, /"dest_amount":5000\b/);
  const paid = await expectStatus(xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
  assert.equal(paid.json<{ amount: number }>().amount, 5000);
  assert.equal((await read('xia', 'team')).quantity, 5);
});

test('a coupon takes its percentage of the whole price, and the smallest quantity is bought by default', async () => {
  const ada = await site.register('ada');
  const half = await site.coupon({ discount_value: 5000 });
  await site.buy(ada, 'ada', 'team', { coupon: half.code });
  assert.equal((await read('ada', 'team')).quantity, 2);
  assert.deepEqual((await coveragesOf('team')).at(-1), { amount: 1000, quantity: 2 });
});

test('a trial of several seats promises their price', async () => {
  await site.plan('crew', { period_amount: 1000, quantity_max: 10, trial_days: 14 });
  const eve = await site.register('eve');
  await site.buy(eve, 'eve', 'crew', { quantity: 4 });
  assert.equal((await read('eve', 'crew')).quantity, 4);
  const line = await site.app.db
    .selectFrom('order_lines')
    .select(['quantity', 'promised_amount'])
    .where('kind', '=', 'trial')
    .executeTakeFirstOrThrow();
  assert.deepEqual(line, { quantity: 4, promised_amount: 4000 });
});

test('the page of the checkout changes the seats without scripts, and keeps the order when they are refused', async () => {
  await site.register('bob');
  const browser = await signInBrowser(site.app, 'bob');
  const url = '/billing/bob/checkout/';
  await browser.get('/pricing/');
  await browser.post('/billing/cart/', { plan: 'team' });
  const first = await browser.get(url);
  assert.match(first.text, /name="quantity" value="2"/);
  assert.match(first.text, /\$20\.00/);
  const five = await browser.post(url, { action: 'quantity', key: 'bob:team', quantity: '5' });
  assert.equal(five.status, 200, five.text);
  assert.match(five.text, /name="quantity" value="5"/);
  assert.match(five.text, /5 seats/);
  assert.match(five.text, /\$50\.00/);
  const many = await browser.post(url, { action: 'quantity', key: 'bob:team', quantity: '80' });
  assert.equal(many.status, 400);
  assert.match(many.text, /less than or equal to 50/);
  assert.match(many.text, /\$50\.00/);
});
