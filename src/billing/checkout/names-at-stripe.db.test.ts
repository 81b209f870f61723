import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { type ChangeSite } from '../../../test/support/changes.ts';
import { RENEW } from '../../../test/support/dunning.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
let client: Stripe;
before(async () => {
  stripe = await startStripeChanges();
  ({ site, emulator, client } = stripe);
  await site.plan('basic', { period_amount: 2000 });
});
after(() => stripe.close());

async function orderOf(slug: string) {
  return site.app.db
    .selectFrom('orders')
    .innerJoin('profiles', 'profiles.id', 'orders.profile_id')
    .innerJoin('charge_attempts', 'charge_attempts.id', 'orders.charge_attempt_id')
    .select(['orders.id', 'orders.profile_id', 'charge_attempts.key', 'charge_attempts.intent_key'])
    .where('profiles.slug', '=', slug)
    .orderBy('orders.id', 'desc')
    .executeTakeFirstOrThrow();
}
const installation = async () =>
  (await site.app.db.selectFrom('sites').select('installation').executeTakeFirstOrThrow()).installation;
async function namesOf(slug: string) {
  const { id, key, profile_id } = await orderOf(slug);
  return {
    tollgate_site: await installation(),
    tollgate_attempt: key,
    tollgate_profile: String(profile_id),
    tollgate_order: String(id),
  };
}
async function newestIntent(): Promise<Stripe.PaymentIntent> {
  const [intent] = (await client.paymentIntents.list({ limit: 1 })).data;
  return intent ?? assert.fail('no payment was made');
}
async function fill(name: string) {
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan: 'basic' });
  return call;
}

test('a payment names the site, the attempt, the payer and the order, and so does a renewal', async () => {
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
  assert.deepEqual((await newestIntent()).metadata, await namesOf('xia'));
  const first = await orderOf('xia');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  assert.notEqual((await orderOf('xia')).id, first.id);
  assert.deepEqual((await newestIntent()).metadata, await namesOf('xia'));
});

test('a payment on the page of Stripe names its order, on the page and on what the page makes', async () => {
  const call = await fill('hosta');
  await call('POST', '/api/billing/hosta/checkout', { processor_token: 'hosted_page' });
  const { intent_key } = await orderOf('hosta');
  assert.deepEqual((await client.checkout.sessions.retrieve(intent_key ?? '')).metadata, await namesOf('hosta'));
});

test('a payment that an API client prepared is named after its order, and a failure to name it changes nothing', async () => {
  for (const [name, is_failing] of [
    ['named', false],
    ['nameless', true],
  ] as const) {
    const call = await fill(name);
    const url = `/api/billing/${name}/checkout`;
    const { processor } = (await call('GET', url)).json<{ processor: { STRIPE_INTENT_SECRET: string } }>();
    const id = processor.STRIPE_INTENT_SECRET.replace(/_secret_.*$/, '');
    await client.paymentIntents.update(id, { payment_method: 'pm_card_visa' });
    if (is_failing) emulator.control.addFault({ name: '500_before', match: { body: 'tollgate_order' } });
    const paid = await call('POST', url, { processor_token: id });
    emulator.control.clearFaults();
    assert.equal(paid.status, 201, paid.text);
    const intent = await client.paymentIntents.retrieve(id);
    assert.equal(intent.status, 'succeeded');
    assert.equal(intent.metadata['tollgate_order'], is_failing ? undefined : String((await orderOf(name)).id));
    assert.equal(intent.metadata['tollgate_site'], await installation());
  }
});
