import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, H, startChanges } from '../../../test/support/changes.ts';
import { casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s, terms_required: false } });
  await site.plan('basic');
  await site.plan('pro');
  await site.buy(site.xia, 'xia', 'basic');
});
afterEach(() => site.close());

const url = '/api/profile/cowork/dunning-terms';
const rules = '/profile/cowork/subscribers/past-due/rules/';
const consent = '/api/billing/xia/provider-charges';

test('a provider sets rules, which apply to cases that begin afterwards', async () => {
  const before = (await expectStatus(site.broker('GET', url), 200)).json();
  assert.deepEqual([before['retry_days'], before['grace_days'], before['own']], [[1, 3], 7, []]);
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  const set = await expectStatus(site.broker('PATCH', url, { retry_days: [2], grace_days: 4, end: 'suspend' }), 200);
  assert.deepEqual(set.json()['own'], ['retry_days', 'grace_days', 'end']);
  assert.equal((await casesOf(site))[0]?.ends_at?.toISOString(), '2026-02-16T10:00:00.000Z', 'the open case is kept');
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?paid=1'), 204);
  await site.runAt('2026-03-09T10:00:00Z', RENEW);
  const [, later] = await casesOf(site);
  assert.deepEqual(
    [later?.next_attempt_at?.toISOString(), later?.ends_at?.toISOString()],
    ['2026-03-11T10:00:00.000Z', '2026-03-13T10:00:00.000Z'],
  );
  const reset = { retry_days: null, grace_days: null, end: null };
  assert.deepEqual((await expectStatus(site.broker('PUT', url, reset), 200)).json(), before);
  assert.deepEqual(await site.app.db.selectFrom('dunning_terms').selectAll().execute(), []);
});

test('rules that do not fit are refused at their fields, and nothing is written', async () => {
  const body = { retry_days: [9, 3], access: 'after_days', access_days: 30 };
  const refused = await expectStatus(site.broker('PUT', url, body), 400);
  assert.deepEqual(Object.keys(refused.json()).toSorted(), ['access_days', 'code', 'retry_days']);
  for (const bad of [{ grace_days: -1 }, { grace_days: 1.5 }, { access: 'maybe' }, { retry_days: [0] }])
    await expectStatus(site.broker('PUT', url, bad), 400);
  assert.deepEqual(await site.app.db.selectFrom('dunning_terms').selectAll().execute(), []);
  await expectStatus(site.xia('PUT', url, { grace_days: 1 }), 403);
});

test('the page of the rules shows those of the site, keeps wrong input and saves', async () => {
  const provider = await signInBrowser(site.app, 'operator');
  const shown = await provider.get(rules);
  assert.equal(shown.status, 200, shown.text);
  assert.match(shown.text, /Charged again on day/);
  const typed = { retry_days: '5, 2', grace_days: '', access: 'site', access_days: '', end: 'site', used_part: 'site' };
  const refused = await provider.post(rules, typed);
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="5, 2"/);
  assert.match(refused.text, /in increasing order/);
  const saved = await provider.post(rules, { ...typed, retry_days: '2, 5', used_part: 'written_off' });
  assert.equal(saved.status, 303, saved.text);
  const stored = (await expectStatus(site.broker('GET', url), 200)).json();
  assert.deepEqual(
    [stored['retry_days'], stored['used_part'], stored['own']],
    [[2, 5], 'written_off', ['retry_days', 'used_part']],
  );
  assert.match((await provider.get('/profile/cowork/subscribers/past-due/')).text, /Rules for failed payments/);
});

test('a provider charges the card for a change only with the consent of the subscriber', async () => {
  site.moveTo(H);
  const change = '/api/profile/xia/subscriptions/basic/change';
  const preview = async () =>
    (await expectStatus(site.broker('GET', `${change}?to=pro`), 200)).json<{ preview_key: string }>().preview_key;
  const post = async (...statuses: number[]) =>
    expectStatus(site.broker('POST', change, { to: 'pro', preview_key: await preview() }), ...statuses);
  assert.equal((await post(403)).json()['code'], 'buyer_must_pay');
  const refused = await expectStatus(site.broker('PUT', consent, { allow_provider_charges: true }), 403);
  assert.equal(refused.json()['code'], 'permission_denied', 'not even the broker gives it');
  assert.deepEqual((await expectStatus(site.broker('GET', consent), 200)).json(), { allow_provider_charges: false });
  const payer = await signInBrowser(site.app, 'xia');
  assert.match((await payer.get('/billing/xia/card/')).text, /Allow charges by providers/);
  const allowed = await payer.post('/billing/xia/card/provider-charges/', { allow_provider_charges: '1' });
  assert.equal(allowed.status, 303, allowed.text);
  assert.match((await payer.get('/billing/xia/card/')).text, /Stop charges by providers/);
  await post(200);
  await expectStatus(site.xia('PUT', consent, { allow_provider_charges: false }), 200);
  assert.deepEqual((await expectStatus(site.xia('GET', consent), 200)).json(), { allow_provider_charges: false });
  await expectStatus(site.xia('PUT', consent, { allow_provider_charges: 'maybe' }), 400);
});

test('a manager of the broker gives the consent for a profile of its own', async () => {
  const own = '/api/billing/operator/provider-charges';
  await expectStatus(site.broker('PUT', own, { allow_provider_charges: true }), 200);
  assert.deepEqual((await expectStatus(site.broker('GET', own), 200)).json(), { allow_provider_charges: true });
});
