import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, H, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
let browser: Awaited<ReturnType<typeof signInBrowser>>;
const page = '/profile/xia/subscriptions/basic/change/';
const card = { pays: '1', use_card: 'new', card_name: 'Xia Lee', card_exp: '12/30', card_cvc: '123' };
const [accepted, declined] = ['4242 4242 4242 4242', '4000 0000 0000 0002'];

before(async () => {
  site = await startChanges();
  for (const slug of ['basic', 'pro', 'lite']) await site.plan(slug);
  await site.plan('team', { quantity_max: 50 });
  await site.plan('guarded', { period_amount: 50_000, upgrade_mode: 'refused' });
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo(H);
  browser = await signInBrowser(site.app, 'xia');
});
after(() => site.close());

const keyOf = (html: string) => /name="preview_key" value="([^"]+)"/.exec(html)?.[1] ?? assert.fail(html);
const plansOf = async () =>
  (await expectStatus(site.xia('GET', '/api/profile/xia/subscriptions'), 200))
    .json<{ results: { plan: { slug: string } }[] }>()
    .results.map(({ plan }) => plan.slug);

test('a subscriber finds the page from the subscriptions and from billing, with the plans that can be entered', async () => {
  for (const url of ['/profile/xia/subscriptions/', '/billing/xia/history/'])
    assert.ok((await browser.get(url)).text.includes(`href="${page}"`), url);
  const { status, text } = await browser.get(page);
  assert.equal(status, 200);
  const offered = [...text.matchAll(/name="to"[^>]*value="([^"]+)"/g)].map(([, slug]) => slug);
  assert.deepEqual(offered, ['team', 'lite', 'pro']);
  assert.match(text, /name="quantity"/);
});

test('a choice that is refused is shown again with its reason and the input', async () => {
  const many = await browser.get(`${page}?to=team&quantity=80`);
  assert.equal(many.status, 400);
  assert.match(many.text, /less than or equal to 50/);
  assert.match(many.text, /value="80"/);
  const text = await browser.get(`${page}?to=team&quantity=many`);
  assert.match(text.text, /Write a whole number/);
  const same = await browser.get(`${page}?to=basic`);
  assert.equal(same.status, 400);
  assert.equal((await browser.get('/profile/xia/subscriptions/pro/change/')).status, 404);
});

test('a planned change is shown on the page, and withdrawn by the subscriber', async () => {
  const url = `${page}?to=lite`;
  const shown = await browser.get(url);
  assert.match(shown.text, /Change on /);
  const stored = await browser.post(url, { preview_key: keyOf(shown.text) });
  assert.equal(stored.status, 303, stored.text);
  const planned = await browser.get(page);
  assert.match(planned.text, /Planned change/);
  assert.match(planned.text, /Keep basic/i);
  const second = await browser.get(`${page}?to=pro`);
  assert.match(second.text, /planned already is replaced/);
  assert.equal((await browser.post(page, { action: 'keep' })).status, 303);
  assert.doesNotMatch((await browser.get(page)).text, /Planned change/);
  assert.equal((await browser.post(page, { action: 'keep' })).status, 404);
});

test('a declined card keeps the plan and the input, and names the reason at the card', async () => {
  const url = `${page}?to=pro`;
  const { text } = await browser.get(url);
  assert.match(text, /\$79\.50/);
  assert.match(text, /-\$45\.00|−\$45\.00/);
  const refused = await browser.post(url, { ...card, card_number: declined, preview_key: keyOf(text) });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /The payment did not go through/);
  assert.match(refused.text, /value="Xia Lee"/);
  assert.doesNotMatch(refused.text, /value="4000/);
  assert.deepEqual(await plansOf(), ['basic']);
});

test('a change without a card on file responds with 402 and asks for a card', async () => {
  site.moveTo('2026-01-25T22:00:01Z'); // a preview of another second has another key
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 200, 204);
  const url = `${page}?to=pro`;
  const { text } = await browser.get(url);
  const missing = await browser.post(url, { pays: '1', use_card: 'on_file', preview_key: keyOf(text) });
  assert.equal(missing.status, 402);
  assert.match(missing.text, /Add a card to pay for this change/);
  assert.match(missing.text, /name="card_number"/);
});

test('an outdated preview is not executed: the page shows the new amounts with a notice', async () => {
  site.moveTo('2026-01-25T22:00:02Z');
  const url = `${page}?to=pro`;
  const key = keyOf((await browser.get(url)).text);
  await expectStatus(site.broker('PATCH', '/api/profile/cowork/plans/pro', { period_amount: 30_900 }), 200);
  const shown = await browser.post(url, { ...card, card_number: accepted, preview_key: key });
  assert.equal(shown.status, 409);
  assert.match(shown.text, /changed since they were shown/);
  assert.match(shown.text, /\$109\.50/);
  const old = keyOf(shown.text);
  site.moveTo('2026-01-25T22:11:00Z');
  const expired = await browser.post(url, { ...card, card_number: accepted, preview_key: old });
  assert.equal(expired.status, 409);
  assert.match(expired.text, /shown too long ago/);
  assert.deepEqual(await plansOf(), ['basic']);
});

test('a provider sees the page without card fields, and leaves the amount due', async () => {
  const provider = await signInBrowser(site.app, 'operator');
  const { text } = await provider.get(`${page}?to=pro`);
  assert.doesNotMatch(text, /name="card_number"/);
  assert.match(text, /Stays due/);
  assert.match(text, /the subscriber pays the balance/);
});

test('a user without a role on the subscriber or the provider does not see the page', async () => {
  await site.register('eve');
  const other = await signInBrowser(site.app, 'eve');
  assert.ok([403, 404].includes((await other.get(page)).status));
});

test('the confirmed preview changes the plan by a new card', async () => {
  const url = `${page}?to=pro`;
  const { text } = await browser.get(url);
  const done = await browser.post(url, { ...card, card_number: accepted, preview_key: keyOf(text) });
  assert.equal(done.status, 303, done.text);
  assert.equal(done.headers['location'], '/profile/xia/subscriptions/');
  assert.match((await browser.get('/profile/xia/subscriptions/')).text, /The subscription is Pro now/i);
  assert.deepEqual(await plansOf(), ['pro']);
});
