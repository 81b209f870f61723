import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { randomKey40 } from '#platform/security/crypto';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { applyEvent } from '../intake/take-processor-event.ts';
import type { Card, PaymentContext } from '../processors/index.ts';
import { refreshCard } from './follow-card.ts';
import { findCardsOf, findSavedCard, updateCard } from './payment-method-store.ts';
import { presentCard } from './present-card.ts';
import { removeCard } from './remove-card.ts';
import { saveCard } from './save-card.ts';

const VISA = 'pm_card_visa';

let site: StripeSite;
let ctx: PaymentContext;
before(async () => {
  site = await startStripeSite();
  ({ ctx } = site);
});
after(() => site.close());

/** A profile with a card on the broker's account, and one with a card on the account of a provider. */
const places = {
  'the account of the broker': async () => {
    const profile = await makeParty(site.app.db);
    return { profile, account: '', card: await saveCard(ctx, profile, VISA), other_last4: null };
  },
  'the account of a provider': async () => {
    const profile = await makeParty(site.app.db);
    const { provider, account } = await site.makeProvider();
    // The card on the broker's account is older, and stays.
    await saveCard(ctx, profile, 'pm_card_mastercard');
    site.advance(1000);
    await makeCharge(ctx, { payer: profile, provider, token: VISA, remember_card: true });
    const card = await findSavedCard(site.app.db, profile);
    assert.equal(card?.account, account);
    return { profile, account, card, other_last4: '4444' };
  },
};

const newsOf = async (profile: ProfileId) =>
  (await site.payloadsOf('card_updated', profile)).filter((each) => each['by_issuer'] === true).length;
const optionsOf = (account: string) => (account === '' ? {} : { stripeAccount: account });

for (const [place, make] of Object.entries(places)) {
  test(`S49: a card that its issuer replaced is shown with the new number and expiry, on ${place}`, async () => {
    const { profile, card } = await make();
    await site.act(`payment_methods/${card.method_key}/update`, { last4: '1881', exp_month: 2, exp_year: 2031 });
    await site.learn();
    const shown = await findSavedCard(site.app.db, profile);
    assert.deepEqual(presentCard(shown), { last4: '1881', exp_date: '02/2031' });
    assert.equal(shown?.method_key, card.method_key);
    const [updated, ...more] = (await site.payloadsOf('card_updated', profile)).filter(
      (each) => each['by_issuer'] === true,
    );
    assert.deepEqual(updated?.['changes'], {
      last4: { pre: '4242', post: '1881' },
      exp_date: { pre: card.exp_date, post: '2031-02-01' },
    });
    assert.deepEqual(more, []);
  });

  test(`a stopped card is charged again when its issuer replaced it, and not when it renewed its expiry, on ${place}`, async () => {
    const { profile, card } = await make();
    const stop = { unusable_reason: 'stopped', unusable_until: null } as const;
    await inTransaction(site.app.db, (tx) => updateCard(tx, card, stop));
    const reasonOf = async () => (await findSavedCard(site.app.db, profile))?.unusable_reason;
    await site.act(`payment_methods/${card.method_key}/update`, { exp_month: 2, exp_year: 2031 });
    await site.learn();
    assert.deepEqual([await reasonOf(), await newsOf(profile)], ['stopped', 0]);
    await site.act(`payment_methods/${card.method_key}/update`, { last4: '1881' });
    await site.learn();
    assert.deepEqual([await reasonOf(), await newsOf(profile)], [null, 1]);
  });

  test(`S49: a card that is detached in the dashboard is gone and its owner is asked for another, on ${place}`, async () => {
    const { profile, account, card, other_last4 } = await make();
    await site.client.paymentMethods.detach(card.method_key, {}, optionsOf(account));
    await site.learn();
    assert(!(await findCardsOf(site.app.db, profile)).some((each) => each.method_key === card.method_key));
    assert.deepEqual(await site.payloadsOf('card_removed', profile), [
      { profile_id: profile, brand: 'visa', last4: '4242', other_last4 },
    ]);
  });

  test(`S49: the cards of a customer that is deleted at Stripe are gone, and a new customer is made, on ${place}`, async () => {
    const { profile, account, card } = await make();
    await site.client.customers.del(card.customer_key, {}, optionsOf(account));
    await site.learn();
    assert(!(await findCardsOf(site.app.db, profile)).some((each) => each.account === account));
    assert.equal((await site.payloadsOf('card_removed', profile)).length, 1);
    const customers = async () =>
      site.app.db
        .selectFrom('processor_customers')
        .select(['customer_key', 'generation', 'deleted_at'])
        .where('profile_id', '=', profile)
        .where('account', '=', account)
        .orderBy('generation')
        .execute();
    assert.notEqual((await customers())[0]?.deleted_at, null);
    const requests_before = site.emulator.control.requests().length;
    const request = { key: randomKey40(), account, token: VISA, payer: payerOf(profile) };
    const saved = await ctx.processors.chosen.saveCard(request);
    assert(saved.outcome === 'saved');
    const rows = await customers();
    assert.deepEqual(
      rows.map(({ generation, deleted_at }) => [generation, deleted_at === null]),
      [
        [1, false],
        [2, true],
      ],
    );
    assert.equal(saved.customer_key, rows[1]?.customer_key);
    // The deleted one is not tried before.
    const statuses = site.emulator.control
      .requests()
      .slice(requests_before)
      .map(({ method, path, status }) => `${method} ${path} ${status}`);
    assert.deepEqual(statuses, ['POST /v1/customers 200', 'POST /v1/setup_intents 200']);
  });
}

const payerOf = (profile_id: ProfileId) => ({
  profile_id,
  browser: { ip: '192.0.2.1', user_agent: 'test' },
  return_url: 'http://cowork.test/app/',
});

test('S49: a card that its owner removed or replaced is announced by no card_removed', async () => {
  const [removes, replaces] = [await makeParty(site.app.db), await makeParty(site.app.db)];
  await saveCard(ctx, removes, VISA);
  await removeCard(ctx, removes);
  await saveCard(ctx, replaces, VISA);
  await saveCard(ctx, replaces, 'pm_card_mastercard');
  await site.app.tollgate.worker.drain();
  assert.equal(
    (await site.client.events.list({ type: 'payment_method.detached', limit: 2 })).data.length,
    2,
    'Tollgate detached both',
  );
  await site.learn();
  assert.deepEqual(await site.payloadsOf('card_removed', removes), []);
  assert.deepEqual(await site.payloadsOf('card_removed', replaces), []);
  assert.equal((await findSavedCard(site.app.db, replaces))?.last4, '4444');
});

test('S49: a message about a replaced card, or about a card and a customer of others, changes nothing', async () => {
  const profile = await makeParty(site.app.db);
  const first = await saveCard(ctx, profile, VISA);
  const second = await saveCard(ctx, profile, 'pm_card_mastercard');
  const stranger = await site.client.customers.create({});
  const before = await findSavedCard(site.app.db, profile);
  for (const [type, object] of [
    ['card', first.method_key],
    ['card', 'pm_unknown'],
    ['customer', stranger.id],
  ] as const)
    assert.equal(await applyEvent(ctx, 'stripe', { type, object, account: '' }), 'ignored');
  // A card is looked up on the account that the message names.
  assert.equal(
    await applyEvent(ctx, 'stripe', { type: 'card', object: second.method_key, account: 'acct_1' }),
    'ignored',
  );
  assert.equal(
    await applyEvent(ctx, 'stripe', { type: 'customer', object: second.customer_key, account: '' }),
    'taken',
  );
  assert.deepEqual(await findSavedCard(site.app.db, profile), before);
});

test('S49: facts that were read before those that are stored change nothing', async () => {
  const profile = await makeParty(site.app.db);
  const { method_key } = await saveCard(ctx, profile, VISA);
  const stale = await ctx.processors.chosen.retrieveCard({
    account: '',
    method_key,
    customer_key: (await findSavedCard(site.app.db, profile))?.customer_key ?? '',
  });
  await site.act(`payment_methods/${method_key}/update`, { exp_year: 2032 });
  const key = { processor: 'stripe', account: '', method_key };
  // The first handler asks, and a second one asks and stores before the first one stores.
  const slow = answerLater(stale);
  const first = refreshCard(slow.ctx, key);
  await slow.asked;
  site.advance(1000);
  await refreshCard(ctx, key);
  slow.answer();
  await first;
  assert.match((await findSavedCard(site.app.db, profile))?.exp_date ?? '', /^2032/);
});

/** A context whose processor responds with a card when the test calls `answer`. */
function answerLater(card: Card | null) {
  const [asked, answered] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const retrieveCard = async () => {
    asked.resolve(undefined);
    await answered.promise;
    return card;
  };
  const processor = { ...ctx.processors.chosen, retrieveCard };
  const processors = { ...ctx.processors, chosen: processor, getByName: () => processor };
  return { ctx: { ...ctx, processors }, asked: asked.promise, answer: () => answered.resolve(undefined) };
}

test('S49: a card that Stripe cannot be asked about stays on file, and is followed later', async () => {
  const profile = await makeParty(site.app.db);
  const { method_key } = await saveCard(ctx, profile, VISA);
  await site.client.paymentMethods.detach(method_key);
  site.emulator.control.addFault({ name: '500_before', match: { method: 'GET', path: '/v1/payment_methods' } });
  await site.learn();
  assert.equal((await findSavedCard(site.app.db, profile))?.method_key, method_key);
  site.emulator.control.clearFaults();
  site.advance(60_000);
  await site.learn();
  assert.equal(await findSavedCard(site.app.db, profile), undefined);
});

test('a name that changed at the card makes no news', async () => {
  const profile = await makeParty(site.app.db);
  const { method_key } = await saveCard(ctx, profile, VISA);
  await site.client.paymentMethods.update(method_key, { billing_details: { name: 'Xia Lee' } });
  await site.learn();
  assert.equal((await findSavedCard(site.app.db, profile))?.card_name, 'Xia Lee');
  assert.deepEqual(await site.payloadsOf('card_updated', profile), []);
});
