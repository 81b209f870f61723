import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type Call, type ChangeSite, expectStatus, H, lotsLeft, startChanges } from '../../../test/support/changes.ts';
import { ownAddress } from '../../../test/support/own-address.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('team', { quantity_min: 2, quantity_max: 50 });
  await site.plan('crew', { period_amount: 1500, quantity_max: 50 });
});
after(() => site.close());

/** Returns the code of a seat, as it was mailed. */
async function codeTo(address: string): Promise<string> {
  await site.app.tollgate.worker.drain();
  const text = site.app.tollgate.mailbox.list(address)[0]?.text ?? '';
  return /\b[0-9a-f]{40}\b/.exec(text)?.[0] ?? assert.fail(`no code was mailed to ${address}: ${text}`);
}

async function held(name: string, plan: string) {
  const call = await site.signIn(name);
  const reply = await expectStatus(call('GET', `/api/profile/${name}/subscriptions/${plan}`), 200);
  return reply.json<{ quantity: number; ends_at: string }>();
}

/** Returns the coverages of a subscriber as `amount quantity first-day last-day`, in the order of time. */
async function coveragesOf(name: string): Promise<string[]> {
  const rows = await site.app.db
    .selectFrom('coverages')
    .innerJoin('subscriptions', 'subscriptions.id', 'coverages.subscription_id')
    .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
    .select(['coverages.amount', 'coverages.quantity', 'coverages.starts_at', 'coverages.ends_at'])
    .where('profiles.slug', '=', name)
    .orderBy('coverages.starts_at')
    .execute();
  const day = (at: Date) => at.toISOString().slice(5, 10);
  return rows.map(
    ({ amount, quantity, starts_at, ends_at }) => `${amount} ${quantity} ${day(starts_at)} ${day(ends_at)}`,
  );
}

/** Puts items into the cart and pays them; returns the amount of the charge. */
async function pay(call: Call, name: string, ...items: object[]): Promise<number> {
  for (const item of items) await expectStatus(call('POST', '/api/cart', item), 200, 201);
  await expectStatus(call('GET', `/api/billing/${name}/checkout`), 200);
  const body = { processor_token: 'tok_visa', remember_card: true };
  return (await expectStatus(call('POST', `/api/billing/${name}/checkout`, body), 201)).json<{ amount: number }>()
    .amount;
}

test('a gift has the quantity that was paid, and a second one that of the subscription', async () => {
  await site.register('joe');
  const xia = await site.signIn('xia');
  assert.equal(await pay(xia, 'xia', { plan: 'team', quantity: 5, sync_on: 'joe' }), 5000);
  assert.equal((await held('joe', 'team')).quantity, 5);
  assert.equal(await pay(xia, 'xia', { plan: 'team', quantity: 2, sync_on: 'joe' }), 5000);
  assert.equal((await held('joe', 'team')).quantity, 5);
  assert.deepEqual(await coveragesOf('joe'), ['5000 5 01-10 02-10', '5000 5 02-10 03-10']);
});

test('a group purchase has a quantity for each person, which the claim gives, also after the plan changed', async () => {
  const xia = await site.signIn('xia');
  const seat = (name: string, quantity: number) => ({
    plan: 'team',
    quantity,
    sync_on: `${name}@example.net`,
    full_name: name,
  });
  const refused = await xia('POST', '/api/cart', seat('cy', 51));
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /"quantity":\["[^"]*less than or equal to 50/);
  assert.equal(await pay(xia, 'xia', seat('ann', 3), seat('bo', 4)), 7000);
  const code = await codeTo('ann@example.net');
  const provider = await site.signIn('operator');
  await expectStatus(provider('PATCH', '/api/profile/cowork/plans/team', { quantity_max: 2 }), 200);
  const ann = await site.register('ann');
  await ownAddress(site.app, 'ann', 'ann@example.net');
  const redeemed = await expectStatus(ann('POST', '/api/cart/redeem', { code }), 200);
  assert.match(redeemed.text, /paid by Xia Tester for 3 seats and 1 month\./);
  await expectStatus(ann('POST', '/api/billing/ann/checkout', {}), 200, 201);
  assert.equal((await held('ann', 'team')).quantity, 3);
  assert.deepEqual(await coveragesOf('ann'), ['3000 3 01-10 02-10']);
  await expectStatus(provider('PATCH', '/api/profile/cowork/plans/team', { quantity_max: 50 }), 200);
});

test('a claimed seat extends a subscription of its own quantity only', async () => {
  const code = await codeTo('bo@example.net');
  const bo = await site.register('bo');
  await ownAddress(site.app, 'bo', 'bo@example.net');
  await site.buy(bo, 'bo', 'team', { quantity: 2 });
  await expectStatus(bo('POST', '/api/cart/redeem', { code }), 200);
  for (const url of ['checkout', 'checkout/paylater']) {
    const refused = await bo('POST', `/api/billing/bo/${url}`, {});
    if (url === 'checkout/paylater' && refused.status === 403) continue; // subscribers of this provider pay at once
    assert.equal(refused.status, 409, refused.text);
    const problem = refused.json();
    assert.equal(problem['code'], 'claim_quantity');
    assert.match(String(problem['detail']), /pays for 4 seats of team, and the subscription has 2/);
  }
  assert.equal((await held('bo', 'team')).ends_at, '2026-02-10T10:00:00.000Z');

  const url = '/api/profile/bo/subscriptions/team/change';
  const shown = (await expectStatus(bo('GET', `${url}?to=team&quantity=4`), 200)).json();
  assert.equal(shown['charge_amount'], 2000);
  await expectStatus(bo('POST', url, { to: 'team', quantity: 4, preview_key: shown['preview_key'] }), 200);
  await expectStatus(bo('POST', '/api/billing/bo/checkout', {}), 200, 201);
  assert.deepEqual(await held('bo', 'team').then(({ quantity, ends_at }) => [quantity, ends_at]), [
    4,
    '2026-03-10T10:00:00.000Z',
  ]);
  assert.equal((await coveragesOf('bo')).at(-1), '4000 4 02-10 03-10');
});

test('a claimed seat is changed by its owner: more seats are charged to it, and unused time is credit of it', async () => {
  site.moveTo(H);
  const ann = await site.signIn('ann');
  const url = '/api/profile/ann/subscriptions/team/change';
  const more = (await expectStatus(ann('GET', `${url}?to=team&quantity=5`), 200)).json();
  assert.deepEqual([more['charge_amount'], more['credit_used']], [1000, 0]);
  const body = { to: 'team', quantity: 5, preview_key: more['preview_key'] };
  await expectStatus(ann('POST', url, { ...body, processor_token: 'tok_visa', remember_card: true }), 200);
  assert.equal((await held('ann', 'team')).quantity, 5);

  // The other plan takes the seats along: 1500 of the payer's money and 1000 of the owner's are credit.
  const other = (await expectStatus(ann('GET', `${url}?to=crew&quantity=1`), 200)).json();
  assert.deepEqual(other['quantity'], { from: 5, to: 1 });
  const now = (await expectStatus(ann('GET', `${url}?to=crew`), 200)).json();
  assert.deepEqual([now['quantity'], now['credit_used']], [{ from: 5, to: 5 }, 2500]);
  await expectStatus(ann('POST', url, { to: 'crew', preview_key: now['preview_key'] }), 200);
  assert.equal((await held('ann', 'crew')).quantity, 5);
  assert.equal(await lotsLeft(site), '');
  const lots = await site.app.db.selectFrom('credits').select(['is_refundable', 'amount']).orderBy('amount').execute();
  assert.deepEqual(lots, [
    { is_refundable: true, amount: 1000 },
    { is_refundable: false, amount: 1500 },
  ]);
  const { violations } = await verifyLedger(site.app.db);
  assert.deepEqual(violations, []);
});
