import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { cancelBalance, recogniseIncome } from '#billing';
import type { Plan } from '#catalog';
import { refreshCharge } from '#payments';
import { testContext, type TestContext } from '../support/context.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { addPlanToCart, type Buyer, checkOutCart, makeBuyer } from '../support/factories/billing.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { type EarnedPeriod, incomeByWindow, monthAfter, type SoldTime, type WrittenOff } from './model/earnings.ts';

/** Orders that are compared; `npm run proof` compares more. */
const ORDERS = Number(process.env['PROOF_ORDERS'] ?? 25);
const HOUR_MS = 3_600_000;
const HOURS: Partial<Record<EarnedPeriod, number>> = { hourly: 1, daily: 24, weekly: 168 };

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2027-12-31T23:00:00Z') });
});
after(() => database.close());

const anOrder = fc.record({
  amount: fc.integer({ min: 50, max: 500_000 }),
  period_type: fc.constantFrom<EarnedPeriod>('hourly', 'daily', 'weekly', 'monthly', 'yearly'),
  period_length: fc.integer({ min: 1, max: 3 }),
  wait_hours: fc.integer({ min: 0, max: 24 * 45 }),
});
type DrawnOrder = ReturnType<typeof anOrder.generate>['value'];

type Sold = SoldTime & { buyer: Buyer; plan: Plan };

/** Sells the time of a drawn order; with `is_unpaid` its payment fails later, so that its price is due. */
async function sell(
  { amount, period_type, period_length, wait_hours }: DrawnOrder,
  { is_unpaid = false } = {},
): Promise<Sold> {
  ctx.clock.set(new Date(ctx.clock.now().getTime() + wait_hours * HOUR_MS));
  const from = ctx.clock.now().getTime();
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { period_amount: amount, period_type, period_length });
  await addPlanToCart(buyer, plan);
  const charge = await checkOutCart(buyer, is_unpaid ? 'tok_chargeAsyncFail' : 'tok_visa');
  if (is_unpaid && charge) {
    const failed = ctx.db.updateTable('test_processor_charges').set({ state: 'failed' });
    await failed.where('key', '=', charge.processor_key).execute();
    await refreshCharge(ctx, charge);
  }
  const hours = HOURS[period_type];
  const to =
    hours === undefined
      ? monthAfter(from, period_length * (period_type === 'yearly' ? 12 : 1))
      : from + hours * period_length * HOUR_MS;
  return { buyer, plan, amount, period_type, anchor: from, from, to };
}

/** Recognised income of an order by instant: from payments and from the debt together. */
async function incomeOf({ buyer, plan }: Sold): Promise<[at: number, amount: number][]> {
  const rows = await ctx.db
    .selectFrom('ledger_entries')
    .select(['created_at', (eb) => eb.fn.sum<number>('dest_amount').as('amount')])
    .where('orig_account', '=', 'Income')
    .where('description', 'like', `Recognize ${buyer.profile.slug}:${plan.slug} %`)
    .groupBy('created_at')
    .orderBy('created_at')
    .execute();
  return rows.map(({ created_at, amount }) => [created_at.getTime(), Number(amount)]);
}

const describe = (seed: number, { buyer: _buyer, plan: _plan, ...sold }: Sold) =>
  `seed ${seed}: ${JSON.stringify({ ...sold, from: new Date(sold.from) })}`;

const aWriteOff = fc.record({
  order: anOrder,
  /** Parts of the length of the order at which something is given up or paid, in percent. */
  steps: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 100 }),
      part: fc.constantFrom(10, 33, 50, 100),
      is_paid: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

test('income of orders that are written off in part or whole is that of the second program', async () => {
  const seed = Number(process.env['PROOF_SEED'] ?? 20_260_112);
  let cuts = 0;
  for (const { order, steps } of fc.sample(aWriteOff, { numRuns: Math.ceil(ORDERS / 2), seed })) {
    const sold = await sell(order, { is_unpaid: true });
    const given_up: WrittenOff[] = [];
    let due = order.amount;
    for (const { at: percent, part, is_paid } of steps.toSorted((a, b) => a.at - b.at)) {
      const hours = Math.floor(((sold.to - sold.from) / HOUR_MS) * (percent / 100));
      const at = new Date(sold.from + hours * HOUR_MS);
      const amount = Math.floor((due * part) / 100);
      if (amount === 0) continue;
      ctx.clock.set(at);
      await recogniseIncome(ctx, at);
      await cancelBalance(ctx, {
        profile_id: sold.buyer.profile.id,
        sellers: null,
        amount,
        is_paid,
        request_key: null,
      });
      due -= amount;
      if (!is_paid) given_up.push({ at: at.getTime(), amount });
    }
    await recogniseIncome(ctx, new Date(sold.to));
    const expected = incomeByWindow(sold, given_up);
    assert.deepEqual(await incomeOf(sold), expected, `${describe(seed, sold)} ${JSON.stringify(steps)}`);
    if (expected.reduce((sum, [, amount]) => sum + amount, 0) < order.amount) cuts += 1;
  }
  assert.ok(cuts > 1, 'write-offs cut recognition');
});

test('income of random orders is that of a second program, to the cent and to the second', async () => {
  const seed = Number(process.env['PROOF_SEED'] ?? 20_260_110);
  for (const order of fc.sample(anOrder, { numRuns: ORDERS, seed })) {
    const sold = await sell(order);
    await recogniseIncome(ctx, new Date(sold.to));
    const rows = await incomeOf(sold);
    assert.deepEqual(rows, incomeByWindow(sold), describe(seed, sold));
    assert.equal(
      rows.reduce((sum, [, amount]) => sum + amount, 0),
      order.amount,
    );
  }
});

test('the second program imports nothing', async () => {
  const text = await readFile(new URL('model/earnings.ts', import.meta.url), 'utf8');
  assert.doesNotMatch(text, /^import /m);
});
