import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { paths } from '#platform/http/paths';
import { findProfileById, findProfileBySlug } from '#profiles';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';

import { runJob } from '../../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { finishSetup } from '../cards/index.ts';
import { findCharge } from '../records/index.ts';
import { applyEvent } from './take-processor-event.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite({ terms_required: false });
  await site.learn();
});
after(() => site.close());

async function warningsOf(provider_id: number) {
  const rows = await site.app.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', 'fraud_warned')
    .execute();
  const payloads = rows.map(({ payload }) => payload as Record<string, unknown>);
  return payloads.filter((each) => each['provider_id'] === provider_id);
}

async function pageOf(slug: string, charge_key: string): Promise<string> {
  const user = await makeReadyUser(site.app.db, { username: next('reader'), at: site.app.clock.now() });
  const profile = await findProfileBySlug(site.app.db, 'cowork');
  assert(profile);
  await makeMember(site.app.db, profile, user, 'manager');
  const browser = browserClient(site.app);
  await browser.get('/login/');
  await browser.post('/login/', { username: user.username, password: testPassword });
  const { status, text } = await browser.get(paths.sellerCharge(slug, charge_key));
  assert.equal(status, 200);
  return text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

for (const is_direct of [false, true]) {
  test(`a warning of fraud about a charge on the account of the ${is_direct ? 'provider' : 'broker'} is mailed once, and shown until it is refunded`, async () => {
    const provider = is_direct ? (await site.makeProvider()).provider : await makeParty(site.app.db, next('club'));
    const charge = await site.makeSale(provider);
    await site.act(`charges/${charge.processor_key}/fraud_warning`, { fraud_type: 'made_with_stolen_card' });
    await site.learn();
    const [warning, ...more] = await warningsOf(provider);
    assert(warning && more.length === 0);
    assert.deepEqual(
      [warning['charge_key'], warning['fraud_type'], warning['amount'], warning['is_owner'], warning['profile_id']],
      [charge.processor_key, 'made_with_stolen_card', charge.amount, is_direct, charge.profile_id],
    );
    const slug = (await findProfileById(site.app.db, provider))?.slug ?? '';
    assert.match(
      await pageOf(slug, charge.processor_key),
      /Warning of fraud The bank of the card reports this payment as probably fraudulent.* Stolen card/,
    );
    assert.equal((await findCharge(site.app.db, charge.processor_key))?.state, 'done');

    // A whole refund ends it: the page says so, and no mail follows.
    const account = is_direct ? { stripeAccount: charge.account } : {};
    await site.client.refunds.create({ charge: charge.processor_key }, account);
    await site.learn();
    assert.equal((await warningsOf(provider)).length, 1);
    assert.match(await pageOf(slug, charge.processor_key), /Warning of fraud .*It was refunded or disputed since/);
    await site.assertSound();
  });
}

test('a warning that comes after the refund is stored without a mail, and two nodes store one only once', async () => {
  const provider = await makeParty(site.app.db, next('club'));
  const charge = await site.makeSale(provider);
  const message = { type: 'warning', object: charge.processor_key, account: '' } as const;
  await site.act(`charges/${charge.processor_key}/fraud_warning`, {});
  await Promise.all([1, 2, 3].map(() => applyEvent(site.ctx, 'stripe', message)));
  assert.equal((await warningsOf(provider)).length, 1);
  // A message of another account about this charge has no effect.
  assert.equal(await applyEvent(site.ctx, 'stripe', { ...message, account: 'acct_other' }), 'ignored');

  const refunded = await site.makeSale(provider);
  await site.client.refunds.create({ charge: refunded.processor_key });
  await site.act(`charges/${refunded.processor_key}/fraud_warning`, {});
  await site.learn();
  assert.equal((await warningsOf(provider)).length, 1);
  const stored = await site.app.db
    .selectFrom('fraud_warnings')
    .selectAll()
    .where('charge_id', '=', refunded.id)
    .execute();
  assert.deepEqual(
    stored.map(({ is_actionable }) => is_actionable),
    [false],
  );
});

test('a charge whose balance comes late is booked when the share of the broker arrives', async () => {
  const { provider, account } = await site.makeProvider();
  site.emulator.control.addFault({
    name: 'late_balance',
    values: { s: '600' },
    match: { path: '/v1/payment_intents' },
  });
  const charge = await site.makeSale(provider);
  site.emulator.control.clearFaults();
  const share = { type: 'share', object: charge.processor_key, account: '' } as const;
  assert.equal(await applyEvent(site.ctx, 'stripe', { ...share, account }), 'ignored', 'it is of the broker');
  assert.equal((await findCharge(site.app.db, charge.processor_key))?.state, 'created');
  site.advance(601_000);
  await site.emulator.control.advance(0);
  assert.equal(await applyEvent(site.ctx, 'stripe', share), 'taken');
  assert.equal((await findCharge(site.app.db, charge.processor_key))?.state, 'done');
  const calls = site.emulator.control.requests().length;
  assert.equal(await applyEvent(site.ctx, 'stripe', share), 'taken');
  assert.equal(site.emulator.control.requests().length, calls, 'a booked charge needs no call');
});

/** A payer whose card to keep waits for the bank. */
async function makeHolder() {
  const name = next('holder');
  const call = apiClient(site.app, await registerUser(site.app, name));
  const url = `/api/billing/${name}/card`;
  const put = (token: string) => call('PUT', url, { token });
  const asked = await put('pm_card_authenticationRequiredOnSetup');
  assert.equal(asked.status, 402, asked.text);
  const secret = asked.json<{ processor: { STRIPE_INTENT_SECRET: string } }>().processor.STRIPE_INTENT_SECRET;
  const setup_key = secret.replace(/_secret_.*$/, '');
  const saved = async () => (await call('GET', url)).json<{ last4?: string }>().last4;
  const approve = () => site.act(`setup_intents/${setup_key}`, { to: 'approve' });
  return { name, put, saved, approve, setup_key, remove: () => call('DELETE', url) };
}

test('S43: a card that the payer confirmed without coming back is put on file by the message, once', async () => {
  const holder = await makeHolder();
  await site.learn();
  assert.equal(await holder.saved(), undefined);
  await holder.approve();
  await site.learn();
  assert.equal(await holder.saved(), '3155');
  const profile = await findProfileBySlug(site.app.db, holder.name);
  assert(profile);
  assert.equal((await site.payloadsOf('card_saved', profile.id)).length, 1);
  // The payer comes back later: the same card.
  assert.equal((await holder.put(holder.setup_key)).status, 200);
  assert.deepEqual((await site.payloadsOf('card_updated', profile.id)).length, 0);
});

test('a card that was confirmed is not put on file after the payer chose another one, or removed the cards', async () => {
  const [replaced, removed] = [await makeHolder(), await makeHolder()];
  assert.equal((await replaced.put('pm_card_visa')).status, 200);
  assert.equal((await removed.remove()).status, 204);
  for (const holder of [replaced, removed]) await holder.approve();
  await site.learn();
  assert.deepEqual([await replaced.saved(), await removed.saved()], ['4242', undefined]);
  const states = await site.app.db
    .selectFrom('processor_events')
    .select('state')
    .where('kind', '=', 'setup')
    .where('object_key', 'in', [replaced.setup_key, removed.setup_key])
    .execute();
  assert(states.length >= 2 && states.every(({ state }) => state === 'ignored'), JSON.stringify(states));
});

test('a card that the bank refuses, a foreign one and a repeated message put nothing on file', async () => {
  const holder = await makeHolder();
  await site.act(`setup_intents/${holder.setup_key}`, { to: 'fail' });
  await site.learn();
  assert.equal(await holder.saved(), undefined);
  const key = { processor: 'stripe', account: '', setup_key: 'seti_foreign' };
  assert.equal(await finishSetup(site.ctx, key), false);
  assert.equal(await finishSetup(site.ctx, { ...key, setup_key: holder.setup_key, account: 'acct_other' }), false);
  const other = await makeHolder();
  await other.approve();
  // Two nodes at once, and the payer who comes back.
  const named = { ...key, setup_key: other.setup_key };
  await Promise.all([finishSetup(site.ctx, named), finishSetup(site.ctx, named), other.put(other.setup_key)]);
  assert.equal(await other.saved(), '3155');
  const profile = await findProfileBySlug(site.app.db, other.name);
  assert(profile);
  assert.equal((await site.payloadsOf('card_saved', profile.id)).length, 1);
  const forgotten = await site.app.db
    .selectFrom('outbox_events')
    .select('id')
    .where('name', '=', 'job:forget_card')
    .execute();
  assert.deepEqual(forgotten, [], 'the card that is kept is not deleted');
});

test('cards that no payer confirmed within a day are forgotten', async () => {
  const holder = await makeHolder();
  site.advance(86_400_001);
  await runJob(site.app.tollgate, 'forget_processor_events');
  assert.equal(await finishSetup(site.ctx, { processor: 'stripe', account: '', setup_key: holder.setup_key }), false);
});
