import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { signInBrowser } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

// Each event of the timeline of a subscriber's file, as its provider sees it.

let site: ChangeSite;
let provider: Awaited<ReturnType<ChangeSite['provider']>>;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  provider = await site.provider('club');
  await site.plan('basic', { provider_id: provider.profile.id, pause_days_max: 60 });
  await site.plan('pro', { provider_id: provider.profile.id });
});
afterEach(() => site.close());

const url = '/api/profile/xia/subscriptions/basic';
const buy = async (plan = 'basic') =>
  (await site.buy(site.xia, 'xia', plan)).json<{ processor_key: string }>().processor_key;
const decide = (key: string, state: string) =>
  expectStatus(site.broker('POST', `/_dev/processor/charges/${key}`, { state }), 200);

/** Reads the file as the manager of the provider; returns the words of its timeline. */
async function readTimeline(): Promise<string> {
  const browser = await signInBrowser(site.app, 'club-manager');
  const { status, text } = await browser.get('/profile/xia/contact/');
  assert.equal(status, 200);
  const list = [...text.matchAll(/<ol[^>]*timeline[\s\S]*?<\/ol>/g)].join(' ');
  assert.notEqual(list, '', text.slice(0, 2000));
  return list.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
}

test('a payment and its refund are in the timeline', async () => {
  const key = await buy();
  const paid = await readTimeline();
  assert.match(paid, /Subscribed to basic/);
  assert.match(paid, /\$90\.00/);
  const refund = { lines: [{ num: 0, refunded_amount: 2500 }] };
  await expectStatus(provider.call('POST', `/api/billing/xia/charges/${key}/refund`, refund), 201);
  assert.match(await readTimeline(), /[Rr]efund[^$]*\$25\.00/);
});

test('a charge that fails later is in the timeline', async () => {
  await site.xia('POST', '/api/cart', { plan: 'basic' });
  await site.xia('GET', '/api/billing/xia/checkout');
  const body = { processor_token: 'tok_chargeAsyncFail' };
  const charge = await expectStatus(site.xia('POST', '/api/billing/xia/checkout', body), 201);
  assert.doesNotMatch(await readTimeline(), /was not paid/);
  await decide(charge.json<{ processor_key: string }>().processor_key, 'failed');
  assert.match(await readTimeline(), /A charge of \$90\.00 was not paid/);
});

test('a dispute is in the timeline while it is open and after it was lost, and not after it was won', async () => {
  const key = await buy();
  await decide(key, 'disputed');
  assert.match(await readTimeline(), /A charge of \$90\.00 is disputed/);
  await decide(key, 'won');
  assert.doesNotMatch(await readTimeline(), /A charge of/);
  await decide(key, 'disputed');
  await decide(key, 'lost');
  const lost = await readTimeline();
  assert.match(lost, /A charge of \$90\.00 was charged back/);
  assert.doesNotMatch(lost, /was not paid|is disputed/);
});

test('dunning is in the timeline with the way it closed', async () => {
  await buy();
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  const failed = await readTimeline();
  assert.match(failed, /The payment of a renewal failed/);
  assert.doesNotMatch(failed, /What was due was paid/);
  site.moveTo('2026-02-10T09:00:00Z');
  await expectStatus(provider.call('DELETE', '/api/billing/xia/balance?paid=1'), 204);
  assert.match(await readTimeline(), /What was due was paid/);
});

test('a case that ends without a payment is in the timeline', async () => {
  await buy();
  await setCardOutcome(site, 'lost_card');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await site.runAt('2026-02-16T11:00:00Z', RENEW);
  assert.match(await readTimeline(), /The subscription ended because the renewal was not paid/);
});

test('a pause and its end are in the timeline, also after the subscription runs on', async () => {
  await buy();
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('POST', `${url}/pause`, { resumes_at: '2026-02-20T10:00:00Z' }), 200);
  const paused = await readTimeline();
  assert.match(paused, /Paused basic/);
  assert.doesNotMatch(paused, /No longer stopped/);
  site.moveTo('2026-01-25T10:00:00Z');
  await expectStatus(site.xia('DELETE', `${url}/pause`), 200);
  const resumed = await readTimeline();
  assert.match(resumed, /Paused basic/);
  assert.match(resumed, /No longer stopped: basic/);
});

test('a change, a cancellation and an end are in the timeline', async () => {
  await buy();
  site.moveTo('2026-01-20T10:00:00Z');
  const preview = await expectStatus(site.xia('GET', `${url}/change?to=pro&at=now`), 200);
  const { preview_key } = preview.json<{ preview_key: string }>();
  await expectStatus(site.xia('POST', `${url}/change`, { to: 'pro', at: 'now', preview_key }), 200, 201);
  const changed = await readTimeline();
  assert.match(changed, /Changed to pro/);
  assert.doesNotMatch(changed, /Cancelled|The end of/);
  await expectStatus(site.xia('POST', '/api/profile/xia/subscriptions/pro/cancel', { at: 'now', refund: 'none' }), 200);
  const cancelled = await readTimeline();
  assert.match(cancelled, /Cancelled pro/);
  assert.match(cancelled, /The end of pro/);
});
