import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ProfileId } from '#platform/db/db-schema';
import { randomKey40 } from '#platform/security/crypto';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { next } from '../../../test/support/factories.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { findNewestPayouts } from '../records/payout-store.ts';
import { reconcilePayouts } from './reconcile-payouts.ts';
import { withdrawFunds } from './withdraw-funds.ts';

/** What a sale of 179.99 leaves a provider with a share of the broker of 10 %. */
const NET = 15_648;
const DAY_MS = 86_400_000;

let site: StripeSite;
before(async () => {
  site = await startStripeSite();
});
after(() => site.close());

/** A provider with an available balance of one sale at Stripe. */
async function makeFunded(): Promise<{ provider: ProfileId; account: string; options: { stripeAccount: string } }> {
  const made = await site.makeProvider();
  await site.makeSale(made.provider);
  site.advance(3 * DAY_MS);
  await site.learn();
  return { ...made, options: { stripeAccount: made.account } };
}
const newestOf = async (provider: ProfileId) => (await findNewestPayouts(site.ctx.db, provider, 10))[0];
const statesOf = async (provider: ProfileId) =>
  (await findNewestPayouts(site.ctx.db, provider, 10)).map(({ state, amount }) => `${state} ${amount}`);

/** The funds of a provider in the books are the balance of the account at Stripe. */
async function assertBalanced({ provider, account }: { provider: ProfileId; account: string }, funds: number) {
  assert.deepEqual([await site.fundsOf(provider), await site.balanceOf(account)], [funds, funds]);
  await site.assertSound();
}

test('S61: a payout that Stripe made is booked once, and booked back when the bank returns it after it was paid', async () => {
  const funded = await makeFunded();
  const payout = await site.client.payouts.create({ amount: 10_000, currency: 'usd' }, funded.options);
  await site.learn();
  await reconcilePayouts(site.ctx);
  await assertBalanced(funded, NET - 10_000);
  assert.match((await newestOf(funded.provider))?.description ?? '', new RegExp(` TRANSFER ${payout.id}$`));

  await site.act(`payouts/${payout.id}`, { to: 'paid' });
  await site.learn();
  assert.deepEqual(await statesOf(funded.provider), ['paid 10000']);
  await assertBalanced(funded, NET - 10_000);

  await site.act(`payouts/${payout.id}`, { to: 'failed' });
  await site.learn();
  await reconcilePayouts(site.ctx);
  assert.deepEqual(await statesOf(funded.provider), ['failed 10000']);
  await assertBalanced(funded, NET);
});

test('S61: a negative payout debits the bank: the amount comes back to the funds', async () => {
  const funded = await makeFunded();
  const paid = await site.client.payouts.create({ amount: NET, currency: 'usd' }, funded.options);
  await site.act(`payouts/${paid.id}`, { to: 'paid' });
  await site.client.payouts.reverse(paid.id, {}, funded.options);
  await site.learn();
  assert.deepEqual((await statesOf(funded.provider)).toSorted(), [`paid ${NET}`, `pending ${-NET}`]);
  await assertBalanced(funded, NET);
});

test('S61: a payout of the broker may hold the money of others: its funds go below zero, and the sum is right', async () => {
  const provider = await makeParty(site.app.db, next('held'));
  await site.makeSale(provider);
  site.advance(3 * DAY_MS);
  await site.learn();
  const { broker_id } = site.ctx.site;
  const at_start = await site.fundsOf(broker_id);
  const { available } = await site.client.balance.retrieve();
  const amount = available.find(({ currency }) => currency === 'usd')?.amount ?? 0;
  assert(amount > at_start, 'the balance holds what belongs to the provider');
  const payout = await site.client.payouts.create({ amount, currency: 'usd' });
  await site.act(`payouts/${payout.id}`, { to: 'paid' });
  await reconcilePayouts(site.ctx);
  assert.deepEqual([await site.fundsOf(broker_id), await site.fundsOf(provider)], [at_start - amount, NET]);
  assert.equal((await site.fundsOf(broker_id)) + NET, await site.balanceOf(''));
  await site.assertSound();
});

test('the account of a provider is read once a minute for the API, and a stale balance pays nothing out', async () => {
  const name = next('club');
  const { provider, account } = await site.makeProvider(name);
  await site.app.db.updateTable('profiles').set({ is_provider: true }).where('id', '=', provider).execute();
  await site.makeSale(provider);
  site.advance(3 * DAY_MS);
  await site.learn();
  const manager = await registerBrokerManager(site.app, next('operator'));
  const calls = () => site.emulator.control.requests().filter(({ path }) => path === '/v1/balance').length;
  const read = async () => {
    const { status, text, json } = await manager('GET', `/api/billing/${name}/bank`);
    assert.equal(status, 200, text);
    return json<{ balance_amount: number }>().balance_amount;
  };
  const before_calls = calls();
  assert.deepEqual([await read(), await read(), calls() - before_calls], [NET, NET, 1]);
  // Paid out at Stripe, which the books do not know of: the stale balance is shown, and is not paid out.
  await site.client.payouts.create({ amount: 10_000, currency: 'usd' }, { stripeAccount: account });
  assert.deepEqual([await read(), calls() - before_calls], [NET, 1]);
  const withdraw = (amount: number) => withdrawFunds(site.ctx, provider, { amount, unit: 'usd', key: randomKey40() });
  await assert.rejects(withdraw(NET), { code: 'payout_exceeds_funds' });
  // What the books promise is read each time.
  await withdraw(1000);
  assert.equal(await read(), NET - 1000);
  site.advance(60_000);
  assert.equal(await read(), NET - 11_000);
});

test('S62: more than the balance at Stripe, and a fraction of a forint, are not paid out, and nothing is booked', async () => {
  const funded = await makeFunded();
  await site.client.payouts.create({ amount: 10_000, currency: 'usd' }, funded.options);
  const withdraw = (amount: number) =>
    withdrawFunds(site.ctx, funded.provider, { amount, unit: 'usd', key: randomKey40() });
  // The books do not know of that payout yet.
  await assert.rejects(withdraw(NET), {
    code: 'payout_exceeds_funds',
    message: /have arrived at the payment processor/,
  });
  await site.learn();
  await assert.rejects(withdraw(NET), { code: 'payout_exceeds_funds' });
  for (const [amount, unit] of [
    [NET, 'usd'],
    [150, 'huf'],
  ] as const) {
    const asked = { account: funded.account, amount, unit, key: randomKey40() };
    assert.equal((await site.ctx.processors.chosen.payout(asked)).outcome, 'refused', unit);
  }
  await assertBalanced(funded, NET - 10_000);
});
