import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { type ChangeSite } from '../../../test/support/changes.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
before(async () => {
  stripe = await startStripeChanges();
  ({ site, emulator } = stripe);
  await site.plan('basic', { period_amount: 2000 });
  await learn();
});
after(() => stripe.close());

/** Learns of the messages, and runs the jobs that they begin; the job that looks at all open orders does not run. */
async function learn(): Promise<void> {
  await runJob(site.app.tollgate, 'sweep_processor_events');
  await runJob(site.app.tollgate, 'handle_processor_events');
  await site.app.tollgate.worker.drain();
}

/** Checks out with a token; returns what the payer has to do. */
async function checkOut(name: string, processor_token: string) {
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan: 'basic' });
  await call('GET', `/api/billing/${name}/checkout`);
  const asked = await call('POST', `/api/billing/${name}/checkout`, { processor_token });
  assert.equal(asked.status, 402, asked.text);
  const { redirect_url } = asked.json<{ redirect_url: string }>();
  const attempt = await site.app.db
    .selectFrom('charge_attempts')
    .select(['charge_attempts.id', 'intent_key', 'profile_id'])
    .innerJoin('profiles', 'profiles.id', 'profile_id')
    .where('slug', '=', name)
    .executeTakeFirstOrThrow();
  assert(attempt.intent_key !== null);
  return { ...attempt, intent_key: attempt.intent_key, url: redirect_url };
}
async function payAt(url: string): Promise<void> {
  const card = { number: '4242424242424242', expiry: '12/30', cvc: '123', email: 'payer@example.com', name: 'Payer' };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  await fetch(url, { method: 'POST', headers, body: new URLSearchParams(card).toString(), redirect: 'manual' });
}
async function stateOf({ profile_id }: { profile_id: ProfileId }) {
  const orders = await site.app.db.selectFrom('orders').select('state').where('profile_id', '=', profile_id).execute();
  const charges = await site.app.db
    .selectFrom('charges')
    .select('state')
    .where('profile_id', '=', profile_id)
    .execute();
  return [orders.map(({ state }) => state), charges.map(({ state }) => state)];
}
async function act(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${emulator.url}/_emulator/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  assert(response.ok, `${path}: ${response.status}`);
}

test('S27: a page of Stripe that was paid and left is settled by its message, once', async () => {
  const waiting = await checkOut('ada', 'hosted_page');
  await payAt(waiting.url);
  assert.deepEqual(await stateOf(waiting), [['reserved'], []]);
  await Promise.all([learn(), learn()]);
  await learn();
  assert.deepEqual(await stateOf(waiting), [['settled'], ['done']]);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});

test('S27: a page of Stripe that expired refuses its order by the message', async () => {
  const waiting = await checkOut('bea', 'hosted_page');
  site.app.clock.set(new Date(site.app.clock.now().getTime() + 40 * 60_000));
  await emulator.control.advance(0);
  await learn();
  assert.deepEqual(await stateOf(waiting), [['refused'], []]);
});

test('S24: a payment whose confirmation failed is refused by the message, and another account changes nothing', async () => {
  const waiting = await checkOut('cid', 'pm_card_threeDSecure2Required');
  await act(`payment_intents/${waiting.intent_key}`, { to: 'fail' });
  await learn();
  assert.deepEqual(await stateOf(waiting), [['refused'], []]);
});

test('a payment of a refused attempt that asks for a confirmation is canceled', async () => {
  const waiting = await checkOut('dee', 'pm_card_threeDSecure2Required');
  // As if the order had been refused while the call was under way.
  await site.app.db.updateTable('charge_attempts').set({ state: 'declined' }).where('id', '=', waiting.id).execute();
  await learn();
  assert.equal(emulator.control.object(waiting.intent_key)?.['status'], 'canceled');
});
