import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { makeThrottle } from '#platform/security/throttle';
import { type ChangeSite, dueOf, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { apiClient, browserClient } from '../../../test/support/client.ts';
import {
  attemptsOf,
  casesOf,
  payloadsOf,
  RENEW,
  setCardOutcome,
  token_lifetime_s,
} from '../../../test/support/dunning.ts';
import { finishUrl } from '../../../test/support/finish-links.ts';
import { payFinish } from './pay-finish.ts';

const DAY_0 = '2026-02-09T10:00:00Z';
const NOON = '2026-02-09T12:00:00Z';
const END = '2026-02-16T10:00:00Z';

let site: ChangeSite;
let url: string;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s, pay_later_allowed: true } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'authentication_required');
  await site.runAt(DAY_0, RENEW);
  url = await finishUrl(site);
  site.moveTo(NOON);
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

const shown = { amount: '9000', unit: 'usd' };
const on_file = { ...shown, use_card: 'on_file' };
const new_card = {
  ...shown,
  use_card: 'new',
  card_name: 'Pat Payer',
  card_number: '4242424242424242',
  card_exp: '12/30',
  card_cvc: '123',
};

/** Opens the link in a browser that is not signed in. */
async function openLink() {
  const browser = browserClient(site.app);
  const page = await browser.get(url);
  assert.equal(page.status, 200, page.text);
  return { ...browser, page, pay: (fields: Record<string, string> = on_file) => browser.post(url, fields) };
}
/** Begins a payment that waits for the bank. */
async function openWaiting() {
  await setCardOutcome(site, 'action_required');
  const link = await openLink();
  const waiting = await link.pay();
  assert.equal(waiting.status, 402, waiting.text);
  assert.match(waiting.text, /Your bank asks you to confirm the payment/);
  return link;
}
/** The bank confirms the payment that waits. */
async function approve(): Promise<void> {
  const { numUpdatedRows } = await site.app.db
    .updateTable('test_processor_charges')
    .set({ state: 'done', outcome: 'accepted' })
    .where('outcome', '=', 'action_required')
    .executeTakeFirst();
  assert.equal(numUpdatedRows, 1n);
}
const chargesCount = async () => (await site.app.db.selectFrom('charges').select('id').execute()).length;
const openAttempts = async () =>
  site.app.db
    .selectFrom('charge_attempts')
    .select('id')
    .where('state', 'in', ['reserved', 'awaiting_action'])
    .execute();

/** One charge paid what was due, and dunning has ended. */
async function requirePaidOnce(): Promise<void> {
  assert.equal(await chargesCount(), 2); // the first one bought the plan
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(
    (await casesOf(site)).map(({ state }) => state),
    ['recovered'],
  );
  assert.deepEqual(await openAttempts(), []);
  assert.match((await browserClient(site.app).get(url)).text, /This is paid/);
}
/** Nothing was charged, and dunning goes on. */
async function requireUnpaid(): Promise<void> {
  assert.equal(await chargesCount(), 1);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
}

test('S44: a renewal that the bank wants confirmed sends the link to the payer alone, and one link per case', async () => {
  const [asked, ...others] = await payloadsOf(site, 'payment_action_required');
  assert.deepEqual(others, []);
  assert.match(String(asked?.['key']), /^v1\./, 'the key is not stored in clear');
  // Notices of each day reach a proved address only.
  await site.app.db.updateTable('users').set({ email_verified_at: site.app.clock.now() }).execute();
  await site.app.tollgate.worker.drain();
  const sent = async () =>
    (await expectStatus(apiClient(site.app)('GET', '/_dev/mail?to='), 200))
      .json<{ results: { subject: string; to: string[]; bcc: string[]; text: string }[] }>()
      .results.filter(({ subject }) => subject.startsWith('Confirm your payment'));
  const mails = await sent();
  assert.deepEqual(
    mails.map(({ to, bcc }) => [to.length, bcc]),
    [[1, []]],
  );
  assert.ok(mails[0]?.text.includes(url), mails[0]?.text);

  // A manual charge fails for the same reason: the mail has the same link.
  await expectStatus(site.xia('POST', '/api/billing/xia/dunning/retry', {}), 400);
  await site.app.tollgate.worker.drain();
  const again = await sent();
  assert.equal(again.length, 2);
  assert.ok(again.every(({ text }) => text.includes(url)));
});

test('S45: a link that is used pays, and dunning ends', async () => {
  const link = await openWaiting();
  assert.match((await link.get(url)).text, /Your payment is not confirmed yet/);
  await approve();
  const back = await link.get(`${url}?from=bank`);
  assert.equal(back.status, 303, back.text);
  const paid = await link.follow(back);
  assert.match(paid.text, /Thank you\. \$90\.00 was paid\./);
  await requirePaidOnce();
  assert.equal((await payloadsOf(site, 'renewal_recovered')).length, 1);
});

test('S45: a card that the bank accepts while the payer is present is charged at once', async () => {
  await setCardOutcome(site, 'accepted');
  const link = await openLink();
  assert.equal((await link.pay()).status, 303);
  await requirePaidOnce();
});

test('S45: another card pays, and is not stored', async () => {
  const link = await openLink();
  const refused = await link.pay({ ...new_card, card_number: '4000000000000002' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /The payment did not go through/);
  await requireUnpaid();
  assert.equal((await link.pay(new_card)).status, 303);
  await requirePaidOnce();
  const cards = await site.app.db.selectFrom('payment_methods').select('last4').execute();
  assert.equal(cards.length, 1);
});

test('S45: a link that is used twice charges nothing again, and says that it is paid', async () => {
  await setCardOutcome(site, 'accepted');
  const link = await openLink();
  assert.equal((await link.pay()).status, 303);
  const again = await link.pay();
  assert.equal(again.status, 409);
  assert.match(again.text, /This is paid/);
  for (const action of ['resume', 'give_up']) assert.equal((await link.post(url, { action })).status, 303);
  await requirePaidOnce();
});

test('S45: a stranger sees provider, amount and card, and nothing else of the payer', async () => {
  const { page } = await openLink();
  for (const text of ['Coworking Space', '$90.00', 'ending in 1234']) assert.ok(page.text.includes(text), text);
  const payer = await site.app.db
    .selectFrom('profiles')
    .selectAll()
    .where('slug', '=', 'xia')
    .executeTakeFirstOrThrow();
  const { title } = await site.app.db.selectFrom('plans').select('title').executeTakeFirstOrThrow();
  for (const text of ['xia', payer.full_name, payer.email, title, '2030', '/billing/xia', '/profile/'])
    assert.ok(text === '' || !page.text.toLowerCase().includes(text.toLowerCase()), `the page names ${text}`);
  assert.deepEqual(
    ['x-robots-tag', 'referrer-policy', 'cache-control'].map((name) => page.headers[name]),
    ['noindex, nofollow', 'strict-origin', 'no-store'],
  );
});

test('S45: a link that has expired says so, and dunning goes on', async () => {
  const link = await openLink();
  site.moveTo(END);
  const expired = await link.pay();
  assert.equal(expired.status, 409);
  assert.match(expired.text, /This link has expired/);
  await requireUnpaid();
  await site.runAt(END, RENEW);
  assert.equal((await casesOf(site))[0]?.state, 'ended');
  assert.match((await link.get(url)).text, /This link has expired/);
  assert.equal((await link.pay()).status, 409);
  assert.equal(await chargesCount(), 1);
});

test('a payment that waits at the end of the grace is ended after 30 minutes, then dunning goes on', async () => {
  site.moveTo('2026-02-16T09:50:00Z');
  await openWaiting();
  await site.runAt(END, RENEW);
  assert.equal((await casesOf(site))[0]?.closed_at, null);
  await site.runAt('2026-02-16T10:21:00Z', 'finish_orders');
  assert.deepEqual(await openAttempts(), []);
  await site.runAt('2026-02-16T11:00:00Z', RENEW);
  assert.equal((await casesOf(site))[0]?.state, 'ended');
  assert.equal(await chargesCount(), 1);
});

test('a payment that the bank confirmed before the end of the grace is settled by the job', async () => {
  site.moveTo('2026-02-16T09:50:00Z');
  await openWaiting();
  await approve();
  await site.runAt(END, RENEW);
  await site.runAt('2026-02-16T10:21:00Z', 'finish_orders');
  await requirePaidOnce();
});

test('two tabs at once pay once', async () => {
  await setCardOutcome(site, 'accepted');
  const tabs = [await openLink(), await openLink()];
  const statuses = await Promise.all(tabs.map(async ({ pay }) => (await pay()).status));
  assert.deepEqual(
    statuses.toSorted((a, b) => a - b),
    [303, 409],
  );
  await requirePaidOnce();
});

test('a second tab ends the payment of the first one, unless the bank has confirmed that', async () => {
  await openWaiting();
  const second = await openWaiting();
  assert.equal((await openAttempts()).length, 1, 'the first payment was ended');
  await approve();
  const third = await (await openLink()).pay();
  assert.equal(third.status, 409);
  assert.match(third.text, /This is paid/);
  assert.equal((await second.get(`${url}?from=bank`)).status, 303);
  await requirePaidOnce();
});

for (const isConfirmed of [false, true])
  test(`S48: a new card ends a payment of the link that waits${isConfirmed ? ', unless the bank confirmed it' : ' and is charged at once'}`, async () => {
    const link = await openWaiting();
    if (isConfirmed) await approve();
    await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
    await Promise.all([site.app.tollgate.worker.drain(), link.get(`${url}?from=bank`)]);
    await site.runAt('2026-02-09T12:45:00Z', 'finish_orders');
    assert.deepEqual(await attemptsOf(site), [
      'renewal action 02-09T10:00',
      ...(isConfirmed ? [] : ['card paid 02-09T12:00']),
    ]);
    await requirePaidOnce();
  });

test('wrong keys get one response, also one that differs from a right key in its last digit', async () => {
  const key = url.split('/').at(-2) ?? '';
  const near = `${key.slice(0, 39)}${key.endsWith('0') ? '1' : '0'}`;
  const browser = browserClient(site.app);
  const bodies = new Set<string>();
  for (const wrong of ['0'.repeat(40), near, 'f'.repeat(40)]) {
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await browser.send({ method, url: `/billing/finish/${wrong}/` });
      assert.equal(reply.status, 404, wrong);
      assert.equal(reply.headers['x-robots-tag'], 'noindex, nofollow');
      if (method === 'GET') bodies.add(/<main[^]*<\/main>/.exec(reply.text.replaceAll(wrong, ''))?.[0] ?? '');
    }
    await browser.get(url);
    assert.equal((await browser.post(`/billing/finish/${wrong}/`, on_file)).status, 404);
  }
  assert.equal(bodies.size, 1);
  for (const other of [key.toUpperCase(), key.slice(1), 'card'])
    assert.notEqual((await browser.get(`/billing/finish/${other}/`)).status, 200, other);
  await requireUnpaid();
});

test('programs that follow the link of a mail change nothing, also while the bank has confirmed a payment', async () => {
  await openWaiting();
  await approve();
  const read = async () =>
    JSON.stringify([
      await site.app.db.selectFrom('charge_attempts').selectAll().orderBy('id').execute(),
      await site.app.db.selectFrom('orders').selectAll().orderBy('id').execute(),
      await site.app.db.selectFrom('finish_links').selectAll().execute(),
      await site.app.db.selectFrom('test_processor_charges').selectAll().orderBy('key').execute(),
      await site.app.db.selectFrom('outbox_events').select('id').orderBy('id').execute(),
    ]);
  const before = await read();
  for (const method of ['GET', 'HEAD'] as const) {
    const reply = await site.app.http.inject({ method, url, headers: { accept: '*/*' } });
    assert.equal(reply.statusCode, 200);
  }
  // The address to which the bank leads back, asked for by a program that reads the head only.
  const head = await site.app.http.inject({ method: 'HEAD', url: `${url}?from=bank&left=x` });
  assert.equal(head.statusCode, 200);
  assert.equal(await read(), before);
});

test('an amount that changed since the page was shown is not charged', async () => {
  const link = await openLink();
  for (const fields of [{ amount: '8999' }, { amount: '' }, { amount: '1e4' }, { unit: 'eur' }]) {
    const changed = await link.pay({ ...on_file, ...fields });
    assert.equal(changed.status, 409);
    assert.match(changed.text, /The amount that is due has changed/);
  }
  await requireUnpaid();
  // The provider writes a part off; the page shows what is left, and that is charged.
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?amount=4000'), 204);
  const lowered = await link.pay();
  assert.equal(lowered.status, 409);
  assert.match(lowered.text, /\$50\.00/);
  await setCardOutcome(site, 'accepted');
  assert.equal((await link.pay({ ...on_file, amount: '5000' })).status, 303);
  await requirePaidOnce();
});

test('a link leaves a payment alone that the payer began elsewhere, and the payer ends one of the link', async () => {
  await site.xia('GET', '/api/billing/xia/checkout');
  const own = { processor_token: 'tok_authenticate', remember_card: false };
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', own), 402);
  const [waiting] = await openAttempts();
  const link = await openLink();
  const refused = await link.pay();
  assert.equal(refused.status, 409);
  for (const action of ['resume', 'give_up']) assert.equal((await link.post(url, { action })).status, 303);
  assert.equal((await link.get(`${url}?from=bank&left=x`)).status, 303);
  assert.deepEqual(await openAttempts(), [waiting]);

  await site.runAt('2026-02-09T12:31:00Z', 'finish_orders');
  await openWaiting();
  const paid = { processor_token: 'tok_visa', remember_card: false };
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', paid), 200, 201);
  await requirePaidOnce();
});

test('the way back without paying ends only the payment that it names', async () => {
  const link = await openWaiting();
  assert.equal((await link.get(`${url}?from=bank&left=${'0'.repeat(40)}`)).status, 303);
  assert.equal((await openAttempts()).length, 1);
  const { key } = await site.app.db
    .selectFrom('charge_attempts')
    .select('key')
    .where('state', '=', 'awaiting_action')
    .executeTakeFirstOrThrow();
  assert.equal((await link.get(`${url}?from=bank&left=${key}`)).status, 303);
  assert.deepEqual(await openAttempts(), []);
  await requireUnpaid();
});

test('one link tries a card at most ten times a month', async () => {
  const link = await openLink();
  for (let tries = 1; tries <= 10; tries += 1) assert.equal((await link.pay()).status, 400, String(tries));
  const tried = await (await openLink()).pay();
  assert.equal(tried.status, 429);
  assert.match(tried.text, /Too many payments by this link were declined/);
  const made = await site.app.db.selectFrom('test_processor_charges').select('key').execute();
  assert.equal(made.length, 12); // with the order and the renewal
});

test('without a card on file the link takes one', async () => {
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 204);
  const link = await openLink();
  assert.doesNotMatch(link.page.text, /ending in/);
  assert.equal((await link.pay()).status, 400);
  const { use_card: _, ...fields } = new_card;
  assert.equal((await link.pay(fields)).status, 303);
  await requirePaidOnce();
});

test('each refusal of a link has a code of its own', async () => {
  const key = url.split('/').at(-2) ?? '';
  const ctx = { ...site.ctx, actor: { kind: 'anonymous', visitor_hash: null } } as const;
  const pay = (of = key, amount = 9000, throttle = ctx.throttle) =>
    payFinish({ ...ctx, throttle }, of, { token: null, shown: { amount, unit: 'usd' } });
  await assert.rejects(pay('0'.repeat(40)), { code: 'finish_link_unknown' });
  await assert.rejects(pay(key, 8999), { code: 'finish_amount_changed' });
  for (let tries = 1; tries <= 10; tries += 1) await assert.rejects(pay(), { code: 'card_declined' });
  await assert.rejects(pay(), { code: 'finish_link_tried' });
  await setCardOutcome(site, 'accepted');
  site.moveTo(END);
  await assert.rejects(
    pay(
      key,
      9000,
      makeThrottle(() => 0),
    ),
    { code: 'finish_link_expired' },
  );
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance'), 204);
  await assert.rejects(
    pay(
      key,
      9000,
      makeThrottle(() => 0),
    ),
    { code: 'finish_link_paid' },
  );
});

test('the pages of a profile that is named `finish` are its own', async () => {
  const call = await site.register('finish');
  const card = await call('GET', '/billing/finish/card/');
  assert.equal(card.status, 200);
  assert.match(card.text, /Payment card|Card on file|Save card/);
});
