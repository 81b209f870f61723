import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { recogniseIncome } from '#billing';
import { testContext, type TestContext } from '../support/context.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { addPlanToCart, checkOutCart, makeBuyer } from '../support/factories/billing.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { type EarnedPeriod, incomeByWindow, monthAfter } from './model/earnings.ts';

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

test('income of random orders is that of a second program, to the cent and to the second', async () => {
  const seed = Number(process.env['PROOF_SEED'] ?? 20_260_110);
  for (const { amount, period_type, period_length, wait_hours } of fc.sample(anOrder, { numRuns: ORDERS, seed })) {
    ctx.clock.set(new Date(ctx.clock.now().getTime() + wait_hours * HOUR_MS));
    const from = ctx.clock.now().getTime();
    const buyer = await makeBuyer(ctx);
    const plan = await makePlan(ctx, { period_amount: amount, period_type, period_length });
    await addPlanToCart(buyer, plan);
    await checkOutCart(buyer);
    const hours = HOURS[period_type];
    const to =
      hours === undefined
        ? monthAfter(from, period_length * (period_type === 'yearly' ? 12 : 1))
        : from + hours * period_length * HOUR_MS;
    await recogniseIncome(ctx, new Date(to));
    const rows = await ctx.db
      .selectFrom('ledger_entries')
      .select(['created_at', 'dest_amount'])
      .where('orig_account', '=', 'Income')
      .where('description', 'like', `Recognize ${buyer.profile.slug}:${plan.slug} %`)
      .orderBy('id')
      .execute();
    const sold = { amount, period_type, anchor: from, from, to };
    assert.deepEqual(
      rows.map((row) => [row.created_at.getTime(), row.dest_amount]),
      incomeByWindow(sold),
      `seed ${seed}: ${JSON.stringify({ ...sold, from: new Date(from) })}`,
    );
    assert.equal(
      rows.reduce((sum, row) => sum + row.dest_amount, 0),
      amount,
    );
  }
});

test('the second program imports nothing', async () => {
  const text = await readFile(new URL('model/earnings.ts', import.meta.url), 'utf8');
  assert.doesNotMatch(text, /^import /m);
});
