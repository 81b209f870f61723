import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Stripe } from 'stripe';
import { type ChangeSite, expectStatus } from '../../../test/support/changes.ts';
import { makeCardDecline } from '../../../test/support/decline-card.ts';
import { RENEW, token_lifetime_s } from '../../../test/support/dunning.ts';
import { intentsOf } from '../../../test/support/finish-links.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
let client: Stripe;
beforeEach(async () => {
  stripe = await startStripeChanges({ token_lifetime_s });
  ({ site, emulator, client } = stripe);
  await site.plan('basic', { period_amount: 9000 });
  await site.plan('pro', { period_amount: 24_900 });
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
  await expectStatus(site.xia('PUT', '/api/billing/xia/provider-charges', { allow_provider_charges: true }), 200);
});
afterEach(() => stripe.close());

async function declineAs(test_card: string): Promise<void> {
  const card = await site.app.db.selectFrom('payment_methods').select('method_key').executeTakeFirstOrThrow();
  await makeCardDecline(emulator, card.method_key, test_card);
}

/** Payments of attempts; the quote of an API client opens a further one. */
const payments = () => intentsOf(emulator).filter(({ metadata }) => metadata['tollgate_attempt'] !== undefined);
const statuses = () => payments().map(({ status }) => status);

/** Changes the plan as a manager of the provider: the payer is absent. */
async function changeAsProvider() {
  site.moveTo('2026-01-20T10:00:00Z');
  const url = '/api/profile/xia/subscriptions/basic/change';
  const shown = await expectStatus(site.broker('GET', `${url}?to=pro&at=now`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  return site.broker('POST', url, { to: 'pro', at: 'now', preview_key });
}

test('the payment of a change that an absent payer would have to confirm is declined and canceled, and the plan stays', async () => {
  await declineAs('always_asks');
  const refused = await changeAsProvider();
  const { code, decline_code } = refused.json<{ code: string; decline_code: string }>();
  assert.deepEqual([refused.status, code, decline_code], [400, 'card_declined', 'authentication_required']);
  assert.doesNotMatch(refused.text, /_secret_/);
  await site.app.tollgate.worker.drain();
  assert.deepEqual(statuses(), ['succeeded', 'canceled']);
  const changes = await site.app.db.selectFrom('subscription_changes').select('state').execute();
  assert.deepEqual(changes, [{ state: 'refused' }]);
});

test('the payment of a declined checkout, change or renewal is canceled', async () => {
  await declineAs('insufficient_funds');
  assert.equal((await changeAsProvider()).status, 400);
  await site.app.tollgate.worker.drain();
  assert.deepEqual(statuses(), ['succeeded', 'canceled']);

  await expectStatus(site.xia('POST', '/api/cart', { plan: 'pro' }), 201);
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  const token = { processor_token: 'pm_card_visa_chargeDeclined' };
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', token), 400);
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  await site.app.tollgate.worker.drain();
  assert.deepEqual(statuses(), ['succeeded', 'canceled', 'canceled', 'canceled']);
});

test('a declined payment that was confirmed before it could be canceled goes back to its payer', async () => {
  await declineAs('insufficient_funds');
  const refused = await changeAsProvider();
  assert.equal(refused.status, 400);
  const open = payments().find(({ status }) => status === 'requires_payment_method');
  assert(open);
  await client.paymentIntents.confirm(open.id, { payment_method: 'pm_card_visa', return_url: 'http://cowork.test/' });
  await site.app.tollgate.worker.drain();
  assert.deepEqual(statuses(), ['succeeded', 'succeeded']);
  const [orphan] = await site.app.db.selectFrom('orphan_payments').select(['intent_key', 'state']).execute();
  assert.deepEqual([orphan?.intent_key, orphan?.state], [open.id, 'refunding']);
  await site.runAt('2026-01-20T10:02:00Z', 'refund_orphans');
  const { data } = await client.refunds.list({ payment_intent: open.id });
  assert.deepEqual(
    data.map(({ status }) => status),
    ['succeeded'],
  );
});

test('a declined payment whose request arrived after its order was given up is canceled', async () => {
  await expectStatus(site.xia('POST', '/api/cart', { plan: 'pro' }), 201);
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  const match = { method: 'POST', path: '/v1/payment_intents' };
  emulator.control.addFault({ name: '409_lock', values: { should_retry: 'false' }, times: 1, match });
  const token = { processor_token: 'pm_card_visa' };
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', token), 503);
  await site.runAt('2026-01-10T10:03:00Z', 'finish_orders');
  const attempt = await site.app.db
    .selectFrom('charge_attempts')
    .select(['key', 'amount', 'state'])
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  assert.equal(attempt.state, 'failed');
  const [bought] = payments();
  const { customer_key: customer } = await site.app.db
    .selectFrom('payment_methods')
    .select('customer_key')
    .executeTakeFirstOrThrow();
  const late = client.paymentIntents.create({
    amount: attempt.amount,
    currency: 'usd',
    customer,
    confirm: true,
    payment_method: 'pm_card_chargeDeclined',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { ...bought?.metadata, tollgate_attempt: attempt.key },
  });
  await assert.rejects(late, { type: 'StripeCardError' });
  assert.deepEqual(statuses(), ['succeeded', 'requires_payment_method']);
  await site.runAt('2026-01-10T10:04:00Z', 'finish_orders');
  assert.deepEqual(statuses(), ['succeeded', 'canceled']);
});
