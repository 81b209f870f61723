import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DEFAULT_PROCESSOR, makeProcessors } from '#payments';
import { randomKey40 } from '#platform/security/crypto';
import { expectStatus, startChanges } from '../../../test/support/changes.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, makeBuyer, makeCheckoutInput } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { checkOut } from '../checkout/check-out.ts';
import { finishConfirmation } from './finish-confirmation.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** Checks out with a card whose payment must be confirmed. */
async function startPayment() {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx, { period_amount: 2000 }));
  const key = randomKey40();
  const pay = (token: string, more: { key?: string } = {}) =>
    checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput(token, more));
  await assert.rejects(pay('tok_authenticate', { key }), { code: 'action_required' });
  const { created_by } = await ctx.db
    .selectFrom('charge_attempts')
    .select('created_by')
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  assert(created_by !== null, 'a user pays');
  return { buyer, key, pay, user_id: created_by };
}

const decideAtBank = (key: string, decision: { state: 'done' | 'failed'; outcome: 'accepted' | 'declined' }) =>
  ctx.db.updateTable('test_processor_charges').set(decision).where('idempotency_key', '=', key).execute();

test('a payment that waits stays open, and settles once when the bank confirmed it', async () => {
  const { buyer, key, user_id } = await startPayment();
  assert.equal((await finishConfirmation(buyer.ctx, user_id))?.state, 'waiting');
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  const found = await Promise.all([finishConfirmation(buyer.ctx, user_id), finishConfirmation(buyer.ctx, user_id)]);
  const charges = await ctx.db.selectFrom('charges').select('id').where('profile_id', '=', buyer.profile.id).execute();
  assert.equal(charges.length, 1);
  for (const each of found) {
    assert(each?.state === 'paid');
    assert.deepEqual([each.payer_id, each.charge.id], [buyer.profile.id, charges[0]?.id]);
  }
});

test('a payment that the bank refused is declined, and the cart can be paid again', async () => {
  const { buyer, key, pay, user_id } = await startPayment();
  await decideAtBank(key, { state: 'failed', outcome: 'declined' });
  assert.equal((await finishConfirmation(buyer.ctx, user_id))?.state, 'declined');
  assert.equal((await pay('tok_visa'))?.state, 'done');
});

test('a payer who wants another card ends the payment that waits, and pays at once', async () => {
  const { buyer, pay, user_id } = await startPayment();
  assert.equal((await finishConfirmation(buyer.ctx, user_id, { abandons: true }))?.state, 'declined');
  assert.equal((await pay('tok_visa'))?.state, 'done');
});

test('a payment that was confirmed while the payer gave it up is settled', async () => {
  const { buyer, key, user_id } = await startPayment();
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  assert.equal((await finishConfirmation(buyer.ctx, user_id, { abandons: true }))?.state, 'paid');
});

test('another user, and a user after an hour, finds no payment', async () => {
  const [first, second] = [await startPayment(), await makeBuyer(ctx)];
  const { actor } = second.ctx;
  assert(actor.kind === 'user');
  assert.equal(await finishConfirmation(second.ctx, actor.user_id), null);
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 61 * 60_000));
  assert.equal(await finishConfirmation(first.buyer.ctx, first.user_id), null);
});

test('a payment that the bank confirmed and the processor decides later is pending, not declined', async () => {
  const site = await startChanges();
  try {
    await site.plan('basic');
    await site.plan('pro');
    await site.buy(site.xia, 'xia', 'basic');
    const url = '/api/profile/xia/subscriptions/basic/change';
    const shown = await expectStatus(site.xia('GET', `${url}?to=pro`), 200);
    const { preview_key } = shown.json<{ preview_key: string }>();
    await expectStatus(site.xia('POST', url, { to: 'pro', preview_key, processor_token: 'tok_authenticate' }), 402);
    const { created_by, key } = await site.app.db
      .selectFrom('charge_attempts')
      .select(['created_by', 'key'])
      .where('intent_key', 'is not', null)
      .executeTakeFirstOrThrow();
    assert(created_by !== null, 'a user pays');
    await site.app.db
      .updateTable('test_processor_charges')
      .set({ state: 'created', outcome: 'accepted' })
      .where('idempotency_key', '=', key)
      .execute();
    const needs = { db: site.app.db, clock: site.app.clock, credit: ctx.processors.credit };
    const paying = { ...site.ctx, processors: makeProcessors(DEFAULT_PROCESSOR, needs) };
    assert.equal((await finishConfirmation(paying, created_by))?.state, 'pending');
    assert.equal((await finishConfirmation(paying, created_by, { abandons: true }))?.state, 'pending');
  } finally {
    await site.close();
  }
});
