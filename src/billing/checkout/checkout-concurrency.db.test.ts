import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Coupon, Plan } from '#catalog';
import { Problem } from '#kernel/problem';
import { findStatementBalance, verifyLedger } from '#ledger';
import { findCharge, refreshCharge } from '#payments';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  type Buyer,
  checkOutCart,
  makeBuyer,
  makeCheckoutInput,
  addPlanToCart,
} from '../../../test/support/factories/billing.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { checkOut } from './check-out.ts';
import { finishOrders } from '../orders/finish-orders.ts';
import { claimSeats } from '../cart/claim-seats.ts';
import { redeemCoupon } from '../cart/redeem-coupon.ts';
import { showBalance, showCart } from '../quotes/show-cart.ts';

const ROUNDS = 25;
const CONCURRENT_ACTS = 8;
const COUPON_USES = 40;
const tokens = ['tok_visa', 'tok_visa', 'tok_timeout', 'tok_unreachable', '4000000000000341', 'tok_chargeDeclined'];

let database: TestDatabase;
let ctx: TestContext;
let buyers: Buyer[];
let plans: Plan[];
let coupon: Coupon;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  buyers = await Promise.all(Array.from({ length: 5 }, () => makeBuyer(ctx)));
  plans = [
    await makePlan(ctx),
    await makePlan(ctx, { period_amount: 700 }),
    await makePlan(ctx, { setup_amount: 300 }),
  ];
  coupon = await makeCoupon(ctx, { nb_attempts: COUPON_USES });
});
after(() => database.close());

/** Random unless SEED is set. SEED repeats the sequence of choices, not the interleaving of concurrent acts. */
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
let state = seed;

/** Returns the next pseudo-random number from 0 to 1, exclusive (mulberry32). */
function draw(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function pick<T>(list: readonly T[]): T {
  const picked = list[Math.floor(draw() * list.length)];
  assert(picked !== undefined);
  return picked;
}

const acts: readonly ((buyer: Buyer) => Promise<unknown>)[] = [
  (buyer) => addPlanToCart(buyer, pick(plans)),
  (buyer) => addPlanToCart(buyer, pick(plans), { sync_on: pick(buyers).profile.slug }),
  (buyer) => addPlanToCart(buyer, pick(plans), { sync_on: pick(unregistered) }),
  claimRandomSeat,
  (buyer) => redeemCoupon(buyer.ctx, buyer.owner, coupon.code),
  (buyer) => checkOutCart(buyer, pick(tokens)),
  (buyer) => checkOutCart(buyer, pick(tokens)),
  async (buyer) => {
    await showCart(buyer.ctx, buyer.profile, buyer.owner);
    await checkOutCart(buyer, pick(tokens));
  },
  async (buyer) => {
    await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
    await checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa', { balance_only: true }));
  },
  () => finishOrders(ctx),
  settleCharges,
];

const unregistered = ['ann@example.com', 'bob@example.com'];

/** Claims a seat with a random emitted code. */
async function claimRandomSeat(buyer: Buyer): Promise<unknown> {
  const events = await database.db
    .selectFrom('outbox_events')
    .select('payload')
    .where('name', '=', 'claim_code_generated')
    .execute();
  const codes = events.flatMap(({ payload }) => /"code":"([0-9a-f]{40})"/.exec(JSON.stringify(payload))?.[1] ?? []);
  return codes.length === 0 ? null : claimSeats(buyer.ctx, buyer.user.id, pick(codes));
}

/** Settles up to three pending charges of the processor as done or failed. */
async function settleCharges(): Promise<void> {
  const pending = database.db.selectFrom('test_processor_charges').select('key').where('state', '=', 'created');
  for (const { key } of await pending.limit(3).execute()) {
    await database.db
      .updateTable('test_processor_charges')
      .set({ state: pick(['done', 'failed'] as const) })
      .where('key', '=', key)
      .where('state', '=', 'created')
      .execute();
    const charge = await findCharge(database.db, key);
    if (charge) await refreshCharge(ctx, charge);
  }
}

/** Runs one random act. Problems are expected; any other error fails the test. */
async function act(): Promise<void> {
  await pick(acts)(pick(buyers)).catch((error: unknown) => {
    if (!(error instanceof Problem)) throw error;
  });
}

const advanceClock = (ms: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + ms));

test('after concurrent checkouts, failures and retries, charges, orders, coupons and ledger agree', async (t) => {
  t.diagnostic(`SEED=${seed}`);
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(Array.from({ length: CONCURRENT_ACTS }, act));
    advanceClock(pick([1_000, 50_000, 130_000]));
  }
  for (let sweep = 0; sweep < 2; sweep += 1) {
    advanceClock(130_000);
    await finishOrders(ctx);
  }
  // Orders that were given up keep their redemptions until their payment can no longer appear.
  advanceClock(3_700_000);
  await finishOrders(ctx);

  const { db } = database;
  const open = await db.selectFrom('orders').select('id').where('state', '=', 'reserved').execute();
  assert.deepEqual(open, [], 'every order was closed');
  const taken = await db
    .selectFrom('test_processor_charges')
    .select(['key', 'amount'])
    .where('outcome', '=', 'accepted')
    .orderBy('key')
    .execute();
  const charges = await db.selectFrom('charges').select(['processor_key as key', 'amount']).orderBy('key').execute();
  assert.deepEqual(charges, taken, 'charges equal what the processor accepted');
  const twice = await db
    .selectFrom('charge_items')
    .innerJoin('charges', 'charges.id', 'charge_items.charge_id')
    .select('invoiced_entry_id')
    .where('state', '<>', 'failed')
    .groupBy('invoiced_entry_id')
    .having((eb) => eb(eb.fn.countAll(), '>', 1))
    .execute();
  assert.deepEqual(twice, [], 'no order was charged twice');
  for (const { profile } of buyers) {
    const { subjects } = await findStatementBalance(db, profile.id, ctx.clock.now());
    assert.ok(
      subjects.every(({ amount }) => amount > 0),
      'nothing was overpaid',
    );
  }
  const used = await db
    .selectFrom('order_lines')
    .innerJoin('orders', 'orders.id', 'order_lines.order_id')
    .select('order_id')
    .distinct()
    .where('coupon_id', '=', coupon.id)
    .where('state', '=', 'settled')
    .execute();
  const left = await db.selectFrom('coupons').select('nb_attempts').where('id', '=', coupon.id).executeTakeFirst();
  assert.equal(used.length + (left?.nb_attempts ?? 0), COUPON_USES, 'each redemption of the coupon has an order');
  assert.deepEqual((await verifyLedger(db)).violations, []);
});
