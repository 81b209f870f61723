import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeAttempt, makeCharge } from '../../../test/support/factories/payments.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { findCardsOf } from './payment-method-store.ts';

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

/** Where a charge is made: the provider of its lines, and the account. */
const places = {
  'the platform': async () => ({ provider: await makeParty(site.app.db), account: '' }),
  'a direct account': () => site.makeProvider(),
};
for (const [place, make] of Object.entries(places)) {
  for (const remember_card of [true, false]) {
    test(`S26: remember_card ${remember_card} on ${place} saves ${remember_card ? 'the card on this account' : 'no card'}`, async () => {
      const { provider, account } = await make();
      const payer = await makeParty(site.app.db);
      const { charge } = await makeCharge(site.ctx, { payer, provider, token: 'pm_card_visa', remember_card });
      assert.equal(charge.account, account);
      const cards = await findCardsOf(site.app.db, payer);
      assert.deepEqual(
        cards.map((card) => [card.account, card.last4]),
        remember_card ? [[account, '4242']] : [],
      );
      const { customer_key } = await site.app.db
        .selectFrom('processor_customers')
        .select('customer_key')
        .where('profile_id', '=', payer)
        .where('account', '=', account)
        .executeTakeFirstOrThrow();
      const options = account === '' ? {} : { stripeAccount: account };
      const { data } = await site.client.paymentMethods.list({ customer: customer_key }, options);
      assert.deepEqual(
        data.map(({ id }) => id),
        cards.map(({ method_key }) => method_key),
      );
      // Only a card that is kept pays again.
      const again = makeAttempt(site.ctx, { payer, provider, token: null });
      if (remember_card) assert.equal((await again).attempt.account, account);
      else await assert.rejects(again, { code: 'payment_method_absent' });
    });
  }
}

for (const [number, token, status] of [
  ['4242', 'pm_card_visa', 200],
  ['0341', 'pm_card_chargeCustomerFail', 200],
  ['0002', 'pm_card_chargeDeclined', 400],
  ['3155', 'pm_card_authenticationRequiredOnSetup', 402],
] as const) {
  test(`S43: PUT card with ${number} is ${{ 200: 'saved', 400: 'refused', 402: 'saved after the bank' }[status]}`, async () => {
    const name = `holder${number}`;
    const call = apiClient(site.app, await registerUser(site.app, name));
    const url = `/api/billing/${name}/card`;
    const first = await call('PUT', url, { token });
    assert.equal(first.status, status, first.text);
    const saved = async () => (await call('GET', url)).json<{ last4?: string }>().last4;
    assert.equal(await saved(), status === 200 ? number : undefined);
    if (status === 400) assert.equal(first.json<{ code: string }>().code, 'card_declined');
    if (status !== 402) return;
    const body = first.json<{ code: string; processor: { STRIPE_INTENT_SECRET: string } }>();
    assert.equal(body.code, 'action_required');
    const setup = body.processor.STRIPE_INTENT_SECRET.replace(/_secret_.*$/, '');
    assert.notEqual((await call('PUT', url, { token: setup })).status, 200, 'the bank has not confirmed it');
    await site.act(`setup_intents/${setup}`, { to: 'approve' });
    assert.equal((await call('PUT', url, { token: setup })).status, 200);
    assert.equal(await saved(), number);
  });
}
