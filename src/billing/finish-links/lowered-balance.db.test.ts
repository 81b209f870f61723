import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, dueOf, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { browserClient } from '../../../test/support/client.ts';
import { casesOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';
import { finishUrl } from '../../../test/support/finish-links.ts';
import { endPaymentAndCancel } from '../balances/cancel-balance.ts';

let site: ChangeSite;
let url: string;
let browser: ReturnType<typeof browserClient>;
/** A payment of 9000 by the link waits for the bank. */
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'action_required');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  site.moveTo('2026-02-09T12:00:00Z');
  url = await finishUrl(site);
  browser = browserClient(site.app);
  await browser.get(url);
  assert.equal((await browser.post(url, { amount: '9000', unit: 'usd', use_card: 'on_file' })).status, 402);
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

const cancel = (query: string) => site.broker('DELETE', `/api/billing/xia/balance${query}`);
const attempts = async () =>
  (await site.app.db.selectFrom('charge_attempts').select('state').orderBy('id').execute()).map(({ state }) => state);
/** The bank confirms the payment that waits, if it still does. */
const approve = () =>
  site.app.db
    .updateTable('test_processor_charges')
    .set({ state: 'done', outcome: 'accepted' })
    .where('outcome', '=', 'action_required')
    .execute();
const chargesOf = async () =>
  (await site.app.db.selectFrom('charges').select('amount').orderBy('id').execute()).map(({ amount }) => amount);

test('a provider that writes off a part ends the payment that waits; what the bank says later charges nothing', async () => {
  await expectStatus(cancel('?amount=4000'), 204);
  assert.deepEqual(await attempts(), ['settled', 'declined', 'declined']);
  assert.equal(await dueOf(site.xia, 'xia'), 5000);
  await approve();
  await site.runAt('2026-02-09T12:45:00Z', 'finish_orders');
  assert.deepEqual([await chargesOf(), await dueOf(site.xia, 'xia')], [[9000], 5000]);
});

test('a provider that records an offline payment of all ends the payment and the dunning', async () => {
  await expectStatus(cancel('?paid=1'), 204);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
  assert.deepEqual(await chargesOf(), [9000]);
});

test('a payment that the bank confirmed before is booked, and nothing is written off', async () => {
  await approve();
  await expectStatus(cancel(''), 204);
  assert.deepEqual([await chargesOf(), await dueOf(site.xia, 'xia')], [[9000, 9000], 0]);
  assert.deepEqual(await site.app.db.selectFrom('adjustments').select('id').execute(), []);
});

test('a payment that is being made is not ended, and none of another provider', async () => {
  const { profile_id } = await site.app.db.selectFrom('dunning_cases').select('profile_id').executeTakeFirstOrThrow();
  const { profile } = await site.provider('club');
  const cancellation = { profile_id, sellers: [profile.id], amount: null, is_paid: false, request_key: null };
  await assert.rejects(endPaymentAndCancel(site.ctx, cancellation), { code: 'charge_pending' });
  await site.app.db
    .updateTable('charge_attempts')
    .set({ state: 'reserved' })
    .where('state', '=', 'awaiting_action')
    .execute();
  assert.equal((await expectStatus(cancel('?amount=4000'), 409)).json()['code'], 'charge_pending');
  assert.equal((await attempts()).at(-1), 'reserved');
});

test('a payment that takes more than is due is ended when its payer goes on with it', async () => {
  await site.app.db
    .updateTable('charge_attempts')
    .set({ amount: 9001 })
    .where('state', '=', 'awaiting_action')
    .execute();
  const resumed = await browser.post(url, { action: 'resume' });
  assert.equal(resumed.status, 409);
  assert.match(resumed.text, /The amount that is due has changed/);
  assert.equal((await attempts()).at(-1), 'declined');
  assert.deepEqual([await chargesOf(), await dueOf(site.xia, 'xia')], [[9000], 9000]);
});
