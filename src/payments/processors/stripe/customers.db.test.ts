import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { apiClient, registerUser } from '../../../../test/support/client.ts';
import { makeParty } from '../../../../test/support/factories/ledger.ts';
import { linesOf, makeCharge, makeOrder } from '../../../../test/support/factories/payments.ts';
import { runJob } from '../../../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../../../test/support/stripe-site.ts';
import { saveCard } from '../../cards/save-card.ts';
import { callProcessor } from '../../charges/call-processor.ts';
import { reserveAttempt } from '../../charges/reserve-attempt.ts';
import { isAccepted } from '../processor.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

const update = (profile_id: ProfileId, facts: object) =>
  site.app.db.updateTable('profiles').set(facts).where('id', '=', profile_id).execute();
const send = () => runJob(site.app.tollgate, 'update_customers');
const rowOf = (profile_id: ProfileId, account = '') =>
  site.app.db
    .selectFrom('processor_customers')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('account', '=', account)
    .orderBy('generation', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();

async function customerOf(profile_id: ProfileId, account = ''): Promise<Stripe.Customer> {
  const { customer_key } = await rowOf(profile_id, account);
  const options = account === '' ? {} : { stripeAccount: account };
  const customer = await site.client.customers.retrieve(customer_key, {}, options);
  assert(customer.deleted !== true);
  return customer;
}
const updatesOf = (customer: string) =>
  site.emulator.control
    .requests()
    .filter(({ method, path }) => method === 'POST' && path === `/v1/customers/${customer}`)
    .map(({ status }) => status);

const home = {
  street_address: '1 Main\u0007 Street\n🏠',
  locality: 'Zürich 東京',
  region: 'ZH',
  postal_code: '8001',
  country: 'CH',
};

test('S35: an address, and names with control characters, emoji and *, are accepted, and the suffix is cleaned', async () => {
  const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  await update(payer, { full_name: 'Xia\u0001\u001b[2J <Lee> * "🚀"', ...home, phone: '+41 44 000 00 00' });
  await update(provider, { full_name: "Čaj*<'Club'> 🚀 of tea" });
  const { charge } = await makeCharge(site.ctx, { payer, provider, token: 'pm_card_visa' });
  assert.equal(charge.state, 'done');
  const { name, email, address, phone, metadata } = await customerOf(payer);
  assert.equal(name, 'Xia [2J <Lee> * "🚀"');
  assert.deepEqual(address, {
    line1: '1 Main Street 🏠',
    line2: null,
    city: 'Zürich 東京',
    state: 'ZH',
    postal_code: '8001',
    country: 'CH',
  });
  assert.deepEqual([phone, Object.keys(metadata).toSorted()], [null, ['tollgate_profile', 'tollgate_site']]);
  assert.equal(
    email,
    (await site.app.db.selectFrom('profiles').select('email').where('id', '=', payer).executeTakeFirst())?.email ||
      null,
  );
  const { statement_descriptor_suffix } = await site.client.charges.retrieve(charge.processor_key);
  assert.equal(statement_descriptor_suffix, 'Caj Club o');
});

test('S35: a name without a letter that can be printed, and several providers, have no suffix', async () => {
  const [payer, provider, second] = [
    await makeParty(site.app.db),
    await makeParty(site.app.db),
    await makeParty(site.app.db),
  ];
  await update(provider, { full_name: '東京クラブ 24*' });
  const { charge } = await makeCharge(site.ctx, { payer, provider, token: 'pm_card_visa' });
  assert.equal((await site.client.charges.retrieve(charge.processor_key)).statement_descriptor_suffix, null);
  const orders = [
    ...(await makeOrder(site.ctx, { payer, provider, amounts: [1000] })),
    ...(await makeOrder(site.ctx, { payer, provider: second, amounts: [1000] })),
  ];
  const facts = { processors: site.ctx.processors, profile_id: payer, created_by: null, amount: 2000, unit: 'usd' };
  const more = { lines: linesOf(orders), description: 'Two', token: 'pm_card_visa', remember_card: false };
  const at = site.app.clock.now();
  const attempt = await inTransaction(site.app.db, (tx) => reserveAttempt(tx, { ...facts, ...more, at }));
  const paid = await callProcessor(site.ctx, attempt);
  assert(isAccepted(paid));
  const { statement_descriptor_suffix, description } = await site.client.charges.retrieve(paid.processor_key);
  assert.deepEqual([statement_descriptor_suffix, description], [null, 'Two']);
});

test('S35: a payment on the account of a provider has the name of the provider too', async () => {
  const payer = await makeParty(site.app.db);
  const { provider, account } = await site.makeProvider();
  await update(provider, { full_name: 'Club 42' });
  const { charge } = await makeCharge(site.ctx, { payer, provider, token: 'pm_card_visa' });
  const found = await site.client.charges.retrieve(charge.processor_key, {}, { stripeAccount: account });
  assert.deepEqual([charge.account, found.statement_descriptor_suffix], [account, 'Club 42']);
});

test('changes of a profile are sent to its customers by the job, all of them by one call for each account', async () => {
  const payer = await makeParty(site.app.db);
  const { provider, account } = await site.makeProvider();
  await saveCard(site.ctx, payer, 'pm_card_visa');
  await makeCharge(site.ctx, { payer, provider, token: 'pm_card_visa' });
  await send();
  const places = ['', account];
  const keys = await Promise.all(places.map(async (place) => (await rowOf(payer, place)).customer_key));
  await update(payer, { full_name: 'Xia One' });
  await update(payer, { full_name: 'Xia Two', email: 'xia@example.org' });
  await update(payer, { locality: 'Springfield', phone: '+1 555 0100' });
  for (const key of keys) assert.deepEqual(updatesOf(key), [], 'nothing is sent before the job');
  await send();
  await send();
  for (const [index, place] of places.entries()) {
    assert.deepEqual(updatesOf(keys[index] ?? ''), [200]);
    const { name, email, address, phone } = await customerOf(payer, place);
    assert.deepEqual([name, email, address?.city, phone], ['Xia Two', 'xia@example.org', 'Springfield', null]);
  }
  await update(payer, { full_name: 'Xia Three', email: '', locality: '' });
  await send();
  const { name, email, address } = await customerOf(payer);
  assert.deepEqual([name, email, address?.city || null], ['Xia Three', null, null]);
  // Other columns are no facts of a customer.
  await update(payer, { phone: '+1 555 0199', default_timezone: 'Europe/Berlin' });
  await send();
  assert.equal(updatesOf(keys[0] ?? '').length, 2);
});

test('a change that a user makes with the API is sent', async () => {
  const call = apiClient(site.app, await registerUser(site.app, 'holder'));
  assert.equal((await call('PUT', '/api/billing/holder/card', { token: 'pm_card_visa' })).status, 200);
  const changed = await call('PATCH', '/api/profile/holder', { full_name: 'Holder of Cards', street_address: '2 Oak' });
  assert.equal(changed.status, 200, changed.text);
  await send();
  const { id } = await site.app.db
    .selectFrom('profiles')
    .select('id')
    .where('slug', '=', 'holder')
    .executeTakeFirstOrThrow();
  const { name, address } = await customerOf(id);
  assert.deepEqual([name, address?.line1], ['Holder of Cards', '2 Oak']);
});

test('an update that fails blocks no payment, and is tried seven times until the next change', async () => {
  const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  await saveCard(site.ctx, payer, 'pm_card_visa');
  const { customer_key } = await rowOf(payer);
  await update(payer, { full_name: 'Xia Later' });
  const path = `/v1/customers/${customer_key}`;
  site.emulator.control.addFault({ name: '500_before', match: { method: 'POST', path } });
  for (let day = 0; day < 3; day += 1) {
    for (let hour = 0; hour < 24; hour += 1) {
      await send();
      site.advance(3_600_000);
    }
  }
  // The package repeats each try once.
  assert.equal(updatesOf(customer_key).length, 14);
  const { charge } = await makeCharge(site.ctx, { payer, provider, token: 'pm_card_visa' });
  assert.equal(charge.state, 'done');
  site.emulator.control.clearFaults();
  await send();
  assert.equal(updatesOf(customer_key).length, 14, 'it was given up');
  await update(payer, { full_name: 'Xia Again' });
  await send();
  assert.equal((await customerOf(payer)).name, 'Xia Again');
  assert.deepEqual([(await rowOf(payer)).failures_count, (await rowOf(payer)).next_at], [0, null]);
});

test('an address that Stripe refuses does not keep the name from it, and a deleted customer is replaced', async () => {
  const payer = await makeParty(site.app.db);
  await saveCard(site.ctx, payer, 'pm_card_visa');
  await update(payer, { full_name: 'Xia Name', email: 'not an address' });
  await send();
  const { name, email } = await customerOf(payer);
  assert.deepEqual([name, email === 'not an address'], ['Xia Name', false]);
  await site.client.customers.del((await rowOf(payer)).customer_key);
  await update(payer, { full_name: 'Xia Next' });
  await send();
  assert.notEqual((await rowOf(payer)).deleted_at, null);
  assert.equal((await site.payloadsOf('card_removed', payer)).length, 1);
  await saveCard(site.ctx, payer, 'pm_card_visa');
  assert.deepEqual([(await rowOf(payer)).generation, (await customerOf(payer)).name], [2, 'Xia Next']);
});

test('a profile that changed after a first try of its customer without a response can still pay', async () => {
  const payer = await makeParty(site.app.db);
  site.emulator.control.addFault({ name: '500_after', match: { method: 'POST', path: '/v1/customers' } });
  await assert.rejects(saveCard(site.ctx, payer, 'pm_card_visa'), { code: 'processor_unreachable' });
  site.emulator.control.clearFaults();
  await update(payer, { full_name: 'Xia Changed' });
  await saveCard(site.ctx, payer, 'pm_card_visa');
  assert.equal((await customerOf(payer)).name, 'Xia Changed');
});

test('S35: a payment that an API client prepares has the name of the provider, and another one after the cart changed', async () => {
  const [payer, provider] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  await update(provider, { full_name: 'Studio *9*' });
  const { intents } = site.ctx.processors.chosen;
  assert(intents);
  const terms = { account: '', amount: 2000, unit: 'usd', broker_fee_amount: 0 };
  const wanted = { ...terms, profile_id: payer, provider_id: provider, cart_version: 'c', generation: 1 };
  const { intent_key } = await intents.openPayment(wanted);
  const suffix = async () => (await site.client.paymentIntents.retrieve(intent_key)).statement_descriptor_suffix;
  assert.equal(await suffix(), 'Studio 9');
  assert.notEqual(await intents.keepPayment({ intent_key, account: '' }, { ...terms, provider_id: null }), null);
  assert.equal((await suffix()) || null, null);
  // A name that changed does not use up the key of the first request.
  await update(provider, { full_name: 'Studio Ten' });
  assert.notEqual((await intents.openPayment(wanted)).intent_key, '');
});
