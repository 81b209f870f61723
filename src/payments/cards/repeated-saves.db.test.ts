import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { Problem } from '#kernel/problem';
import { signInBrowser, registerUser } from '../../../test/support/client.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { findSavedCard } from './payment-method-store.ts';
import { removeCard } from './remove-card.ts';
import { saveCard } from './save-card.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

/** Makes a card as the script of Stripe does: it can be kept once. */
const makeCard = async (token = 'tok_visa') =>
  (await site.client.paymentMethods.create({ type: 'card', card: { token } })).id;
const setupsOf = (params: Stripe.SetupIntentListParams) => site.client.setupIntents.list(params);
async function customerOf(profile: number): Promise<string> {
  const customers = await site.app.db
    .selectFrom('processor_customers')
    .select(['customer_key', 'profile_id'])
    .execute();
  return customers.find(({ profile_id }) => profile_id === profile)?.customer_key ?? assert.fail('no customer');
}

for (const fault of ['500_stored', 'cut_after', '500_after'] as const) {
  test(`S73: a card whose response was lost (${fault}) is kept once when the request is repeated`, async () => {
    const profile = await makeParty(site.app.db);
    const token = await makeCard();
    site.emulator.control.addFault({ name: fault, match: { method: 'POST', path: '/v1/setup_intents' } });
    // The setup intent is found at once, or after the request is repeated.
    const first = await saveCard(site.ctx, profile, token, 'form 1').catch((error: unknown) => error);
    assert.equal(first instanceof Problem, fault === 'cut_after');
    site.emulator.control.clearFaults();
    assert.equal((await saveCard(site.ctx, profile, token, 'form 1')).method_key, token);
    assert.equal((await setupsOf({ customer: await customerOf(profile) })).data.length, 1);
  });
}

test('a repeated request looks at 300 newer cards to keep at most, and says that the outcome is not known', async () => {
  const profile = await makeParty(site.app.db);
  const token = await makeCard();
  const fault = { name: '500_stored', match: { method: 'POST', path: '/v1/setup_intents' } } as const;
  const save = () => saveCard(site.ctx, profile, token, 'form 1');
  site.emulator.control.addFault(fault);
  assert.equal((await save()).method_key, token);
  site.emulator.control.clearFaults();
  const customer = await customerOf(profile);
  for (let made = 0; made < 299; made += 1) await site.client.setupIntents.create({ customer });
  assert.equal((await save()).method_key, token, 'it is the 300th');
  await site.client.setupIntents.create({ customer });
  const before = site.emulator.control.requests().length;
  await assert.rejects(save(), { code: 'card_save_unknown', status: 409 });
  const lists = site.emulator.control.requests().slice(before);
  assert.equal(lists.filter(({ method, path }) => method === 'GET' && path === '/v1/setup_intents').length, 3);
  // Another form is another request.
  assert.equal((await saveCard(site.ctx, profile, await makeCard('tok_mastercard'), 'form 2')).brand, 'mastercard');
});

test('S73: a repeated request from another address has the card of the first one, and another card is another request', async () => {
  const profile = await makeParty(site.app.db);
  const token = await makeCard();
  const from = (ip: string) => ({ ...site.ctx, peer: { ip, user_agent: 'Browser' } });
  const first = await saveCard(from('192.0.2.1'), profile, token, 'form 1');
  const again = await saveCard(from('192.0.2.2'), profile, token, 'form 1');
  assert.equal(again.method_key, first.method_key);
  assert.equal((await setupsOf({ customer: await customerOf(profile) })).data.length, 1);
  const other = await saveCard(from('192.0.2.2'), profile, await makeCard('tok_mastercard'), 'form 1');
  assert.equal(other.brand, 'mastercard');
});

test('a form that is sent again after its card was removed does not put the card back', async () => {
  const profile = await makeParty(site.app.db);
  const token = await makeCard();
  await saveCard(site.ctx, profile, token, 'form 1');
  await removeCard(site.ctx, profile);
  await site.app.tollgate.worker.drain();
  await assert.rejects(saveCard(site.ctx, profile, token, 'form 1'), { code: 'card_declined' });
  assert.equal(await findSavedCard(site.app.db, profile), undefined);
});

test('a card page that is sent twice keeps the card once, and the page has another key each time', async () => {
  await registerUser(site.app, 'ada');
  const browser = await signInBrowser(site.app, 'ada');
  const url = '/billing/ada/card/';
  const keyOf = async () => /name="form_key" value="([0-9a-f]{40})"/.exec((await browser.get(url)).text)?.[1] ?? '';
  const form = { form_key: await keyOf(), processor_token: await makeCard() };
  assert.notEqual(form.form_key, await keyOf());
  const answers = [await browser.post(url, form), await browser.post(url, form)];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [303, 303],
  );
  assert.equal(
    (await setupsOf({})).data.filter(({ payment_method }) => payment_method === form.processor_token).length,
    1,
  );
  const page = await browser.get(url);
  assert.match(page.text, /ending in <strong>4242/);
});
