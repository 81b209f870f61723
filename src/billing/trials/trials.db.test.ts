import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Call, type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { apiClient, browserClient, signInBrowser } from '../../../test/support/client.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('basic', { trial_days: 14 });
  await site.plan('open', { period_amount: 5000, trial_days: 7, trial_requires_card: false, setup_amount: 500 });
  await site.plan('pro');
});
after(() => site.close());

interface Offered {
  slug: string;
  trial_available: boolean;
}
async function offeredTrials(call: Call): Promise<string[]> {
  const { results } = (await expectStatus(call('GET', '/api/pricing'), 200)).json<{ results: Offered[] }>();
  return results.flatMap(({ slug, trial_available }) => (trial_available ? [slug] : [])).toSorted();
}
const add = async (call: Call, ...plans: string[]) => {
  const body = plans.map((plan) => ({ plan }));
  const added = await expectStatus(call('POST', '/api/cart', body), 200, 201);
  return added.json<{ trial_available: boolean; detail: string }[]>();
};
const pay = (call: Call, name: string, body: Record<string, unknown> = {}) =>
  call('POST', `/api/billing/${name}/checkout`, body);

test('a visitor and a new customer are offered the trial, a person who used it is not', async () => {
  assert.deepEqual(await offeredTrials(apiClient(site.app)), ['basic', 'open']);
  assert.deepEqual(await offeredTrials(site.xia), ['basic', 'open']);
  await site.buy(site.xia, 'xia', 'basic', { token: 'tok_xia' });
  assert.deepEqual(await offeredTrials(site.xia), ['open']);
  // Another profile whose card had the trial.
  const twin = await site.register('twin');
  await expectStatus(twin('PUT', '/api/billing/twin/card', { token: 'tok_xia' }), 200);
  assert.deepEqual(await offeredTrials(twin), ['open']);
});

test('the pricing page states the trial and the price after it, and omits it for a person who used it', async () => {
  const sentence = /14 days free, then \$90(?:\.00)? per month/;
  assert.match((await browserClient(site.app).get('/pricing/')).text, sentence);
  const page = await (await signInBrowser(site.app, 'xia')).get('/pricing/');
  assert.doesNotMatch(page.text, sentence);
  assert.match(page.text, /7 days free, then \$50(?:\.00)? per month; no card needed to begin/);
});

test('the cart shows a trial with nothing due, and the checkout that follows directly begins it', async () => {
  const ann = await site.register('ann');
  const [added] = await add(ann, 'basic');
  assert.equal(added?.trial_available, true);
  assert.equal(added.detail, 'basic is in your cart: $0.00 now for 14 days, then $90.00 for 1 month.');
  const begun = await pay(ann, 'ann', { processor_token: 'tok_ann', remember_card: true });
  assert.equal(begun.status, 200, begun.text);
  const held = await expectStatus(ann('GET', '/api/profile/ann/subscriptions/basic'), 200);
  assert.equal(held.json<{ trial_ends_at: string }>().trial_ends_at, '2026-01-24T10:00:00.000Z');
});

test('a trial without a card and its setup fee, next to a paid plan, is ordered as the cart showed it', async () => {
  const bea = await site.register('bea');
  const [open, pro] = await add(bea, 'open', 'pro');
  assert.deepEqual([open?.trial_available, pro?.trial_available], [true, false]);
  assert.match(open?.detail ?? '', /\$0\.00 now for 7 days, then \$50\.00 for 1 month, plus \$5\.00 once/);
  const paid = await expectStatus(pay(bea, 'bea', { processor_token: 'tok_bea' }), 201);
  assert.equal(paid.json<{ amount: number }>().amount, 24_900);
});

test('the quote says whether the profile may begin with a trial', async () => {
  const cyd = await site.register('cyd');
  await add(cyd, 'basic', 'pro');
  const shown = await expectStatus(cyd('GET', '/api/billing/cyd/checkout'), 200);
  const { results } = shown.json<{
    results: { trial_available: boolean; subscription: { plan: { slug: string } }; lines: { dest_amount: number }[] }[];
  }>();
  assert.deepEqual(
    results.map(({ trial_available, subscription, lines }) => [
      subscription.plan.slug,
      trial_available,
      lines.map(({ dest_amount }) => dest_amount),
    ]),
    [
      ['basic', true, [0]],
      ['pro', false, [24_900]],
    ],
  );
});

test('a trial that the cart showed and that was used meanwhile is refused with the paid price', async () => {
  const dan = await site.register('dan');
  await add(dan, 'basic');
  // A card that had the trial comes on file after the cart was shown.
  await expectStatus(dan('PUT', '/api/billing/dan/card', { token: 'tok_xia' }), 200);
  const refused = await pay(dan, 'dan');
  const body = refused.json<{ code: string; results: { lines: { dest_amount: number }[] }[] }>();
  assert.deepEqual([refused.status, body.code], [409, 'cart_changed'], refused.text);
  assert.equal((await site.app.db.selectFrom('orders').select('id').where('amount', '=', 9000).execute()).length, 0);
  const [again] = await add(dan, 'basic');
  assert.equal(again?.trial_available, false);
  assert.equal(again.detail, 'basic is in your cart: $90.00 for 1 month.');
  await expectStatus(pay(dan, 'dan'), 201);
});

test('the page of the checkout asks for the card of a trial and begins it without scripts', async () => {
  await site.register('eve');
  const browser = await signInBrowser(site.app, 'eve');
  await browser.get('/pricing/');
  await browser.post('/billing/cart/', { plan: 'basic' });
  const url = '/billing/eve/checkout/';
  const shown = await browser.get(url);
  assert.match(shown.text, /Trial of basic until Jan 24, 2026, then \$90\.00/);
  assert.match(shown.text, /name="card_number"/);
  assert.match(shown.text, /Start the trial/);
  const cart_version = /name="cart_version" value="([0-9a-f]+)"/.exec(shown.text)?.[1] ?? '';
  const order = { action: 'pay', cart_version, credit_used: '0' };
  const empty = await browser.post(url, order);
  assert.equal(empty.status, 400);
  assert.match(empty.text, /id="card_number[^"]*error|Card number/);
  const card = { card_name: 'Eve', card_number: '5555 5555 5555 4444', card_exp: '12/30', card_cvc: '123' };
  const begun = await browser.post(url, { ...order, ...card });
  assert.equal(begun.status, 303, begun.text);
  const page = await browser.get('/profile/eve/subscriptions/basic/trial/');
  assert.match(page.text, /4444/);
});
