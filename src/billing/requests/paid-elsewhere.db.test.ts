import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Plan } from '#catalog';
import { findStatementBalance, verifyLedger } from '#ledger';
import { findSubscription, type Subscription } from '#subscriptions';
import { ledgerChecks } from '../../ledger-checks.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  addPlanToCart,
  type Buyer,
  checkOutCart,
  isProblemWithCode,
  makeBuyer,
} from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { cancelBalance } from '../balances/cancel-balance.ts';
import { importPayment } from '../balances/import-payment.ts';
import { reverseAdjustment } from '../balances/reverse-adjustment.ts';
import { placeUnpaidOrder } from '../checkout/index.ts';
import { collectLink } from '../payment-links/collect-link.ts';
import { showCart } from '../quotes/index.ts';
import { makeRequestEnding } from './end-request.ts';
import { returnRequests } from './return-requests.ts';

// A request that its provider was paid for outside of the site ends: the money becomes credit of its payer.

let database: TestDatabase;
let ctx: TestContext;
let buyer: Buyer;
let plan: Plan;
let requested: Subscription;
let claim_code: string;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

/** Orders a plan of 20.00 that the provider must accept, without paying. */
beforeEach(async () => {
  ctx = await testContext(database.db);
  buyer = await makeBuyer(ctx);
  plan = await makePlan(ctx, { optin_on_request: true });
  await addPlanToCart(buyer, plan);
  const terms = { is_broker: true, is_payer: false, is_allowed: false };
  const cart = { choices: undefined, cart_version: null };
  const placed = await placeUnpaidOrder(buyer.ctx, buyer.profile.id, buyer.owner, cart, terms);
  claim_code = placed.claim_code ?? '';
  const found = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.ok(found?.request_key);
  requested = found;
});

afterEach(async () => {
  const { totals } = await findStatementBalance(database.db, buyer.profile.id, ctx.clock.now());
  assert.deepEqual(totals, [], 'nothing is due');
  assert.equal(await backlog(), 0);
  assert.deepEqual((await verifyLedger(database.db, { checks: ledgerChecks })).violations, []);
});

const record = (is_paid: boolean, amount: number | null = null) =>
  cancelBalance(ctx, { profile_id: buyer.profile.id, sellers: null, amount, is_paid, request_key: null });
const end = () => makeRequestEnding(ctx.processors).endRequest(ctx, requested);
const preview = () => makeRequestEnding(ctx.processors).previewEnding(ctx, requested);
const usd = (amount: number) => [{ amount, unit: 'usd' }];

async function backlog(): Promise<number> {
  const rows = await database.db
    .selectFrom('ledger_entries')
    .selectAll()
    .where('subject_kind', '=', 'sub')
    .where('subject_id', '=', String(requested.id))
    .execute();
  return rows.reduce(
    (sum, { dest_account, dest_amount, orig_account, orig_amount }) =>
      sum + (dest_account === 'Backlog' ? dest_amount : 0) - (orig_account === 'Backlog' ? orig_amount : 0),
    0,
  );
}

/** Lots of the buyer, and its credit notes. */
async function result() {
  const lots = await database.db
    .selectFrom('credits')
    .select(['balance', 'is_refundable'])
    .where('profile_id', '=', buyer.profile.id)
    .orderBy('id')
    .execute();
  const notes = await database.db
    .selectFrom('documents')
    .select(['amount', 'refunded', 'credited', 'due_reduced'])
    .where('profile_id', '=', buyer.profile.id)
    .where('series', '=', 'credit_note')
    .execute();
  return { lots, notes };
}

test('a declined request that was paid outside of the site becomes credit, with a credit note', async () => {
  await record(true);
  assert.deepEqual(await preview(), { refunded: [], credited: [], noted: usd(2000), due: [] });
  assert.equal(
    await end(),
    'The request has ended. $20.00 that was paid outside of the site is credit for later orders.',
  );
  assert.deepEqual(await result(), {
    lots: [{ balance: 2000, is_refundable: false }],
    notes: [{ amount: 2000, refunded: 0, credited: 2000, due_reduced: 0 }],
  });
  const { key } = await database.db
    .selectFrom('adjustments')
    .select('key')
    .where('profile_id', '=', buyer.profile.id)
    .executeTakeFirstOrThrow();
  const reversal = reverseAdjustment(ctx, plan.profile_id, key);
  await assert.rejects(reversal, isProblemWithCode('adjustment_settled'), 'the ended order is not due again');
});

test('a request whose payment link was collected becomes credit when its subscriber withdraws it', async () => {
  await collectLink(ctx, plan.profile_id, claim_code, { amount: null, is_paid: true });
  await makeRequestEnding(ctx.processors).endRequest(buyer.ctx, requested);
  assert.deepEqual((await result()).lots, [{ balance: 2000, is_refundable: false }]);
  const again = await makeBuyer(ctx);
  assert.deepEqual((await findStatementBalance(database.db, again.profile.id, ctx.clock.now())).totals, []);
});

test('what was written off of a request is not credit, and what is due is taken back', async () => {
  await record(false, 300);
  await record(true, 500);
  assert.deepEqual(await preview(), { refunded: [], credited: [], noted: usd(500), due: usd(1200) });
  await end();
  assert.deepEqual(await result(), {
    lots: [{ balance: 500, is_refundable: false }],
    notes: [{ amount: 2000, refunded: 0, credited: 500, due_reduced: 1500 }],
  });
});

test('a request that was written off leaves nothing, and no loss', async () => {
  await record(false);
  assert.deepEqual(await preview(), { refunded: [], credited: [], noted: [], due: [] });
  assert.equal(await end(), 'The request has ended.');
  assert.deepEqual(await result(), {
    lots: [],
    notes: [{ amount: 2000, refunded: 0, credited: 0, due_reduced: 2000 }],
  });
});

test('a write-off that was reversed before the payment takes nothing of the credit', async () => {
  await record(false);
  const { key } = await database.db
    .selectFrom('adjustments')
    .select('key')
    .where('profile_id', '=', buyer.profile.id)
    .executeTakeFirstOrThrow();
  await reverseAdjustment(ctx, plan.profile_id, key);
  await record(true);
  assert.deepEqual(await preview(), { refunded: [], credited: [], noted: usd(2000), due: [] });
  await end();
  assert.deepEqual((await result()).lots, [{ balance: 2000, is_refundable: false }]);
});

test('of a request that was paid in part outside of the site, the card gets the rest', async () => {
  await record(true, 500);
  await showCart(buyer.ctx, buyer.profile, buyer.owner);
  assert.equal((await checkOutCart(buyer))?.amount, 1500);
  assert.deepEqual(await preview(), { refunded: usd(1500), credited: [], noted: usd(500), due: [] });
  await end();
  assert.deepEqual((await result()).lots, [{ balance: 500, is_refundable: false }]);
});

test('a request that ends without a decision becomes credit once, by the job', async () => {
  await record(true);
  ctx.clock.set(requested.ends_at);
  const run = () => returnRequests(ctx, ctx.processors);
  await Promise.all([run(), run()]);
  await run();
  assert.deepEqual((await result()).lots, [{ balance: 2000, is_refundable: false }]);
});

test('a sale is not imported on a request that is not accepted', async () => {
  const sale = {
    subscription: `${buyer.profile.slug}:${plan.slug}`,
    created_at: ctx.clock.now(),
    amount: '10.00',
  };
  await assert.rejects(importPayment(ctx, plan.profile_id, sale, null), isProblemWithCode('offline_payment_refused'));
  await end();
  assert.deepEqual((await result()).lots, []);
});
