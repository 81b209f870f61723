import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { apiClient, signInBrowser, type TestResponse } from '../../../test/support/client.ts';
import { type Call, type ChangeSite, dueOf, expectStatus, H, startChanges } from '../../../test/support/changes.ts';

// A provider that is not the broker never lets a subscription renew that the subscriber stopped, or renew earlier.
let site: ChangeSite;
let club: Call;
const url = '/api/profile/xia/subscriptions/gym';
const read = async () => {
  const { ends_at, auto_renew, cancelled_at } = (await expectStatus(site.xia('GET', url), 200)).json();
  return { ends_at, auto_renew, is_cancelled: cancelled_at !== null };
};

const keyOf = (shown: TestResponse) => ({ preview_key: shown.json<{ preview_key: string }>().preview_key });

beforeEach(async () => {
  site = await startChanges({ config: { terms_required: false, token_lifetime_s: 400 * 86_400 } });
  club = (await site.provider('club')).call;
  const terms = { unit: 'usd', is_active: true, renewal_type: 'auto-renew' };
  for (const [slug, period_amount] of Object.entries({ gym: 9000, spa: 24_900 }))
    await expectStatus(club('POST', '/api/profile/club/plans', { ...terms, slug, title: slug, period_amount }), 201);
  await site.buy(site.xia, 'xia', 'gym');
  site.moveTo(H);
});
afterEach(() => site.close());

test('a change by the provider does not withdraw the cancellation of the subscriber', async () => {
  await expectStatus(site.xia('POST', `${url}/cancel`, { at: 'period_end', reason: 'unused' }), 200);
  const cancelled = await read();
  assert.deepEqual([cancelled.auto_renew, cancelled.is_cancelled], [false, true]);
  for (const query of ['to=spa&leave_due=true', 'to=spa&at=period_end', 'to=spa&mode=none']) {
    const refused = await club('GET', `${url}/change?${query}`);
    assert.deepEqual([refused.status, refused.json()['code']], [403, 'subscription_protected'], refused.text);
  }
  const { preview_key, withdraws_cancellation } = (
    await expectStatus(site.xia('GET', `${url}/change?to=spa`), 200)
  ).json<{ preview_key: string; withdraws_cancellation: boolean }>();
  assert.equal(withdraws_cancellation, true);
  const stolen = await club('POST', `${url}/change`, { to: 'spa', leave_due: true, preview_key });
  assert.equal(stolen.status, 403, stolen.text);
  assert.deepEqual(await read(), cancelled);
});

test('a provider does not take a stopped renewal back by cancelling the subscription again', async () => {
  const cancel = `${url}/cancel`;
  await expectStatus(site.xia('POST', cancel, { at: 'period_end' }), 200);
  await expectStatus(club('POST', cancel, { at: 'period_end' }), 200);
  await expectStatus(club('DELETE', cancel), 403);
  await expectStatus(site.xia('DELETE', cancel), 200);
  const { ends_at } = await read();
  await expectStatus(site.xia('PUT', url, { ends_at, auto_renew: false }), 200);
  await expectStatus(club('POST', cancel, { at: 'period_end' }), 200);
  await expectStatus(club('DELETE', cancel), 403);
  assert.equal((await read()).auto_renew, false);
});

test('a provider that cancelled itself changes the plan, which renews again', async () => {
  await expectStatus(club('POST', `${url}/cancel`, { at: 'period_end' }), 200);
  const shown = await expectStatus(club('GET', `${url}/change?to=spa&leave_due=true`), 200);
  assert.equal(shown.json()['withdraws_cancellation'], true);
});

const buyer_must_pay = [403, 'buyer_must_pay'];

test('a provider plans no larger charge of the card without the consent of the subscriber', async () => {
  const terms = { unit: 'usd', is_active: true, renewal_type: 'auto-renew' };
  const sold = { pool: { period_amount: 8000 }, annual: { period_amount: 50_000, period_type: 'yearly' } };
  for (const [slug, price] of Object.entries({ ...sold, week: { period_amount: 3000, period_type: 'weekly' } }))
    await expectStatus(club('POST', '/api/profile/club/plans', { ...terms, ...price, slug, title: slug }), 201);
  const change = `${url}/change`;
  const pending = () => site.app.db.selectFrom('pending_changes').select('subscription_id').execute();
  // The annual plan is cheaper in a year, and its first charge larger; the weekly one is the other way round.
  const queries = ['to=spa&at=period_end', 'to=spa&mode=none', 'to=annual&at=period_end', 'to=week&at=period_end'];
  for (const query of queries) {
    const refused = await club('GET', `${change}?${query}`);
    assert.deepEqual([refused.status, refused.json()['code']], buyer_must_pay, `${query}: ${refused.text}`);
  }
  await expectStatus(club('GET', `${change}?to=pool&at=period_end`), 200);
  const own = await expectStatus(site.xia('GET', `${change}?to=spa&at=period_end`), 200);
  const { preview_key } = own.json<{ preview_key: string }>();
  const stolen = await club('POST', change, { to: 'spa', at: 'period_end', preview_key });
  assert.deepEqual([stolen.status, stolen.json()['code']], buyer_must_pay);
  assert.deepEqual(await pending(), []);

  const page = await signInBrowser(site.app, 'club-manager');
  const shown = await page.get('/profile/xia/subscriptions/gym/change/?to=spa&at=period_end');
  assert.match(shown.text, /The card on file would be charged more than today/);

  await expectStatus(site.xia('PUT', '/api/billing/xia/provider-charges', { allow_provider_charges: true }), 200);
  const allowed = await expectStatus(club('GET', `${change}?to=spa&at=period_end`), 200);
  await expectStatus(club('POST', change, { to: 'spa', at: 'period_end', ...keyOf(allowed) }), 200);
  assert.equal((await pending()).length, 1);
});

test('the subscriber plans a dearer plan without any consent', async () => {
  const shown = await expectStatus(site.xia('GET', `${url}/change?to=spa&at=period_end`), 200);
  await expectStatus(site.xia('POST', `${url}/change`, { to: 'spa', at: 'period_end', ...keyOf(shown) }), 200);
});

test('an earlier end that a provider sets stops the renewal: the card is not charged earlier', async () => {
  const ends_at = '2026-01-27T00:00:00Z';
  const kept = await club('PUT', url, { ends_at, auto_renew: true });
  assert.deepEqual([kept.status, kept.json()['code']], [403, 'subscription_protected'], kept.text);
  await expectStatus(club('PUT', url, { ends_at }), 200);
  assert.deepEqual(await read(), { ends_at: '2026-01-27T00:00:00.000Z', auto_renew: false, is_cancelled: false });
  const charges = () => site.app.db.selectFrom('charges').select('id').execute();
  const [before] = [await charges()];
  await site.runAt('2026-01-26T12:00:00Z', 'renew_subscriptions');
  assert.deepEqual(await charges(), before);
});

test('what a provider leaves due waits for the subscriber: a link asks for it, and no renewal charges it', async () => {
  const { app, xia } = site;
  const terms = { unit: 'usd', is_active: true, renewal_type: 'auto-renew', period_type: 'monthly' };
  const sold = { basic: { period_amount: 9000 }, pro: { period_amount: 24_900 } };
  for (const [slug, more] of Object.entries({ ...sold, team: { period_amount: 1000, quantity_max: 50 } }))
    await expectStatus(club('POST', '/api/profile/club/plans', { ...terms, ...more, slug, title: slug }), 201);
  await site.buy(xia, 'xia', 'basic');
  site.moveTo('2026-02-10T10:00:00Z'); // half of its month
  await site.buy(xia, 'xia', 'team', { quantity: 5 });
  // Notices reach a proved address only.
  await app.db.updateTable('users').set({ email_verified_at: app.clock.now() }).execute();
  const paid_before = (await app.db.selectFrom('charges').select('id').execute()).length;
  const charged = async () => {
    const rows = await app.db.selectFrom('charges').select('amount').orderBy('id').execute();
    return rows.slice(paid_before).map(({ amount }) => amount);
  };

  for (const [from, wish] of [
    ['basic', { to: 'pro' }],
    ['team', { to: 'team', quantity: 8 }],
  ] as const) {
    const change = `/api/profile/xia/subscriptions/${from}/change`;
    const seats = 'quantity' in wish ? `&quantity=${wish.quantity}` : '';
    const query = `to=${wish.to}${seats}&leave_due=true`;
    const shown = await expectStatus(club('GET', `${change}?${query}`), 200);
    await expectStatus(club('POST', change, { ...wish, leave_due: true, ...keyOf(shown) }), 200);
  }
  assert.equal(await dueOf(xia, 'xia'), 7950 + 3000);

  // At midnight what is due is charged; the renewals charge their own price and nothing else, in every later hour.
  await site.runAt('2026-02-11T00:00:00Z', 'renew_subscriptions');
  assert.deepEqual(await charged(), []);
  for (const at of ['2026-02-24T22:00:00Z', '2026-02-24T23:00:00Z', '2026-02-25T00:00:00Z'])
    await site.runAt(at, 'renew_subscriptions');
  assert.deepEqual(await charged(), [24_900]);
  assert.deepEqual(await app.db.selectFrom('dunning_cases').select('id').execute(), []);
  assert.equal(await dueOf(xia, 'xia'), 7950 + 3000);

  await app.tollgate.worker.drain();
  const mails = await expectStatus(apiClient(app)('GET', '/_dev/mail?to=xia@example.com'), 200);
  const links = mails.json<{ results: { text: string }[] }>().results.flatMap(({ text }) => {
    const code = /\/billing\/payments\/([0-9a-f]{40})\//.exec(text)?.[1];
    return code === undefined ? [] : [{ code, text }];
  });
  assert.equal(links.length, 2);
  const link = links.find(({ text }) => text.includes('$79.50')) ?? assert.fail('no mail with a link');
  await expectStatus(xia('POST', `/api/billing/payments/${link.code}`, {}), 201);
  assert.deepEqual(await charged(), [24_900, 7950]);
  assert.equal(await dueOf(xia, 'xia'), 3000);

  // The amount that is left due is asked for again after 14 and 28 days: once each, and the paid one never.
  const reminders = async (at: string) => {
    await site.runAt(at, 'remind_of_links', 'remind_of_links');
    await app.tollgate.worker.drain();
    const sent = await expectStatus(apiClient(app)('GET', '/_dev/mail?to=xia@example.com'), 200);
    return sent
      .json<{ results: { subject: string; text: string }[] }>()
      .results.filter(({ subject }) => subject.startsWith('Reminder:'));
  };
  const [first, ...more] = await reminders('2026-02-25T09:20:00Z');
  assert.deepEqual([first?.subject, more.length], ['Reminder: $30.00 is due to club', 0]);
  assert.match(
    first?.text ?? '',
    /on Feb 10, 2026:\n\n- 3 more seats of team until Mar 10, 2026\n[\s\S]*\/billing\/payments\/[0-9a-f]{40}\//,
  );
  assert.equal((await reminders('2026-02-26T09:20:00Z')).length, 1);
  assert.equal((await reminders('2026-03-10T10:20:00Z')).length, 2);
  assert.equal((await reminders('2026-03-25T09:20:00Z')).length, 2);
});
