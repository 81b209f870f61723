import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { PeriodType } from '#kernel/period';
import type { OrderLineId, SubscriptionId } from '#platform/db/db-schema';
import type { Profile } from '#profiles';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { next } from '../../../test/support/factories.ts';
import { readPeriods } from '../report-periods.ts';
import { readMovements } from './read-movements.ts';
import { movement_kinds } from './recurring-store.ts';
import { reportCohorts } from './report-cohorts.ts';
import { reportRecurring, reportRevenueChurn } from './report-recurring.ts';

let database: TestDatabase;
let ctx: TestContext;
let provider: Profile;
let customer: Profile;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-12-01T00:00:00Z') });
});
after(() => database.close());
beforeEach(async () => {
  provider = await makeOrganization(ctx.db, { slug: next('seller'), is_provider: true });
  customer = await makeOrganization(ctx.db, { slug: next('customer') });
});

const day = (text: string) => new Date(`2026-${text}T10:00:00Z`);

async function makeSubscription(from: Date, until: Date, facts: Record<string, unknown> = {}): Promise<SubscriptionId> {
  const plan = await makePlan(ctx, { provider_id: provider.id, slug: next('plan') });
  const row = { profile_id: customer.id, plan_id: plan.id, created_at: from, ends_at: until, ...facts };
  return (await ctx.db.insertInto('subscriptions').values(row).returning('id').executeTakeFirstOrThrow()).id;
}

interface Line {
  amount: number;
  periods?: number;
  type?: PeriodType;
  kind?: 'period' | 'seats' | 'setup';
  quantity?: number;
}

/** Writes an order line with a coverage from one instant to another, as operations leave them. */
async function cover(subscription_id: SubscriptionId, from: Date, until: Date, line: Line): Promise<OrderLineId> {
  const { amount, periods = 1, type = 'monthly', kind = 'period', quantity = 1 } = line;
  const of = await ctx.db
    .selectFrom('subscriptions')
    .select(['plan_id', 'profile_id', 'anchor_at'])
    .where('id', '=', subscription_id)
    .executeTakeFirstOrThrow();
  const order = await ctx.db
    .insertInto('orders')
    .values({
      profile_id: of.profile_id,
      state: 'settled',
      cart_version: 'x',
      amount,
      unit: 'usd',
      created_at: from,
      closed_at: from,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const recurring = kind === 'setup' ? {} : { recurring_amount: amount, recurring_periods: periods };
  const { id } = await ctx.db
    .insertInto('order_lines')
    .values({
      order_id: order.id,
      rank: 0,
      kind,
      provider_id: provider.id,
      beneficiary_id: of.profile_id,
      plan_id: of.plan_id,
      subscription_id,
      amount,
      unit: 'usd',
      description: `${kind} of ${type}`,
      periods_count: periods,
      period_type: type,
      covers_from: from,
      covers_to: until,
      ...recurring,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await ctx.db
    .insertInto('coverages')
    .values({
      order_line_id: id,
      rank: 0,
      subscription_id,
      amount,
      quantity,
      anchor_at: of.anchor_at,
      payer_id: of.profile_id,
      starts_at: from,
      ends_at: until,
    })
    .execute();
  return id;
}

const everything = {
  page: 1,
  page_size: 100,
  terms: [],
  fields: [],
  order: [{ field: 'at', descending: false }],
  start_at: null,
  ends_at: null,
};

/** Movements as the specification writes them: `01-24 new (trial) +9000 → 9000`. */
async function movements(): Promise<string[]> {
  const point = {
    provider_id: provider.id,
    unit: 'usd',
    kinds: movement_kinds,
    with_pauses: true,
    start_at: null,
    ends_at: day('12-31'),
    cohort: null,
  };
  const { results } = await readMovements(ctx.db, point, everything, new URL('http://cowork.test/'));
  return results.map(
    ({ at, kind, cause, amount, after_amount }) =>
      `${at.slice(5, 10)} ${kind} (${cause}) ${amount > 0 ? '+' : ''}${amount} → ${after_amount}`,
  );
}

/** Trial, conversion with a coupon, upgrade, pause, downgrade at the end of a period, cancellation, a year later. */
async function makeV44(): Promise<void> {
  const basic = await makeSubscription(day('01-10'), day('02-10'), { trial_ends_at: day('01-24') });
  await cover(basic, day('01-24'), day('02-10'), { amount: 9000 });
  const pro = await makeSubscription(day('02-10'), day('04-07'), { replaces_id: basic });
  await cover(pro, day('02-10'), day('03-01'), { amount: 24_900 });
  await ctx.db
    .insertInto('pauses')
    .values({
      subscription_id: pro,
      kind: 'pause',
      state: 'ended',
      starts_at: day('03-01'),
      resumes_at: day('03-15'),
      resumed_at: day('03-15'),
      created_at: day('03-01'),
    })
    .execute();
  await cover(pro, day('03-15'), day('04-07'), { amount: 24_900 });
  const again = await makeSubscription(day('04-07'), day('05-07'), { replaces_id: pro });
  await cover(again, day('04-07'), day('05-07'), { amount: 9000 });
  await ctx.db
    .insertInto('subscription_endings')
    .values({
      subscription_id: again,
      kind: 'cancelled',
      reason: 'too_expensive',
      ends_at: day('05-07'),
      created_at: day('04-20'),
    })
    .execute();
  const annual = await makeSubscription(day('07-01'), new Date('2027-07-01T10:00:00Z'));
  await cover(annual, day('07-01'), new Date('2027-07-01T10:00:00Z'), { amount: 97_200, periods: 12 });
  await cover(annual, day('07-01'), new Date('2027-07-01T10:00:00Z'), { amount: 2000, kind: 'setup' });
}

test('V44: the movements of a subscriber from a trial to an annual plan', async () => {
  await makeV44();
  const expected = [
    '01-24 new (trial) +9000 → 9000',
    '02-10 expansion (change) +15900 → 24900',
    '03-01 churn (pause) -24900 → 0',
    '03-15 reactivation (pause) +24900 → 24900',
    '04-07 contraction (change) -15900 → 9000',
    '05-07 churn (too_expensive) -9000 → 0',
    '07-01 reactivation (order) +8100 → 8100',
  ];
  assert.deepEqual(await movements(), expected, 'computed');
  await foldListCounts(ctx.db);
  assert.deepEqual(await movements(), expected, 'stored');
});

test('V44: prices of hours, days, weeks, years and several periods are per month', async () => {
  for (const [line, per_month] of [
    [{ amount: 2100, type: 'weekly' }, 9125],
    [{ amount: 100, type: 'daily' }, 3042],
    [{ amount: 5, type: 'hourly' }, 3650],
    [{ amount: 90_000, type: 'yearly', periods: 2 }, 3750],
    [{ amount: 97_200, periods: 12 }, 8100],
  ] as const) {
    customer = await makeOrganization(ctx.db, { slug: next('customer') });
    const id = await makeSubscription(day('01-01'), day('12-30'));
    await cover(id, day('01-01'), day('12-30'), line);
    const { results } = await readMovements(
      ctx.db,
      {
        provider_id: provider.id,
        unit: 'usd',
        kinds: ['new'],
        with_pauses: true,
        start_at: null,
        ends_at: day('12-01'),
        cohort: null,
      },
      { ...everything, terms: [customer.slug], fields: ['profile'] },
      new URL('http://cowork.test/'),
    );
    assert.deepEqual(
      results.map(({ amount }) => amount),
      [per_month],
      JSON.stringify(line),
    );
  }
});

test('V44: a renewal at the list price after a discount is an expansion by the price', async () => {
  const id = await makeSubscription(day('01-01'), day('12-30'));
  await cover(id, day('01-01'), day('06-01'), { amount: 97_200, periods: 12 });
  await cover(id, day('06-01'), day('12-30'), { amount: 9000 });
  assert.deepEqual((await movements()).slice(0, 2), [
    '01-01 new (order) +8100 → 8100',
    '06-01 expansion (price) +900 → 9000',
  ]);
});

test('added seats are an expansion by the quantity; an end for missing payment is churn', async () => {
  const id = await makeSubscription(day('01-01'), day('03-01'));
  await cover(id, day('01-01'), day('03-01'), { amount: 10_000, periods: 2 });
  await cover(id, day('02-01'), day('03-01'), { amount: 3000, kind: 'seats', quantity: 2 });
  await ctx.db
    .insertInto('subscription_endings')
    .values({ subscription_id: id, kind: 'unpaid', ends_at: day('03-01'), created_at: day('03-01') })
    .execute();
  assert.deepEqual(await movements(), [
    '01-01 new (order) +5000 → 5000',
    '02-01 expansion (quantity) +3000 → 8000',
    '03-01 churn (unpaid) -8000 → 0',
  ]);
});

test('a grant that waits, a cancelled rest of paid time and a refunded price have no recurring revenue of their own', async () => {
  const waiting = await makeSubscription(day('01-01'), day('03-01'), {
    request_key: `v1.${'A'.repeat(60)}`,
    request_key_hash: 'a'.repeat(64),
  });
  await cover(waiting, day('01-01'), day('03-01'), { amount: 5000 });
  const cancelled = await makeSubscription(day('02-01'), day('02-10'));
  await cover(cancelled, day('02-01'), day('03-01'), { amount: 7000 });
  assert.deepEqual(await movements(), ['02-01 new (order) +7000 → 7000', '02-10 churn (ended) -7000 → 0']);
});

test('movements add up to the revenue at every bound, folded or not, and churn has two sides', async () => {
  await makeV44();
  const periods = readPeriods({ nb_periods: '11', ends_at: '2026-12-01' }, 'UTC', ctx.clock.now());
  const reported = { provider, unit: 'usd' };
  const read = async () => ({
    revenue: await reportRecurring(ctx.db, reported, periods),
    churn: await reportRevenueChurn(ctx.db, reported, periods),
    cohorts: await reportCohorts(ctx.db, reported, periods),
  });
  const computed = await read();
  await foldListCounts(ctx.db);
  const stored = await read();
  assert.deepEqual(stored, computed);
  const [mrr] = stored.revenue.results;
  assert.deepEqual(
    mrr?.values.map(([, value]) => value),
    [0, 9000, 24_900, 24_900, 9000, 0, 0, 8100, 8100, 8100, 8100, 8100],
  );
  for (const index of periods.bounds.slice(1).keys()) {
    const moved = (stored.revenue.extra ?? []).reduce((sum, { values }) => sum + (values[index]?.[1] ?? 0), 0);
    assert.equal((mrr?.values[index + 1]?.[1] ?? 0) - (mrr?.values[index]?.[1] ?? 0), moved);
  }
  const march = (slug: string) => stored.churn.results.find((each) => each.slug === slug)?.values[2]?.[1];
  assert.deepEqual(
    ['gross-churn', 'net-churn', 'gross-churn-without-pauses', 'net-churn-without-pauses'].map(march),
    [100, 0, 0, 0],
  );
  const [january] = stored.cohorts.results;
  assert.deepEqual(
    january?.values.map(([, value]) => value),
    [1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1],
  );
  const errors = await sql<{ name: string }>`select name from recurring_errors()`.execute(ctx.db);
  assert.deepEqual(errors.rows, []);
});

test('a change of a coverage is shown at once and repaired when the projection is damaged', async () => {
  const id = await makeSubscription(day('01-01'), day('12-30'));
  await cover(id, day('01-01'), day('12-30'), { amount: 9000 });
  await foldListCounts(ctx.db);
  await ctx.db
    .updateTable('subscriptions')
    .set({ ends_at: day('05-05') })
    .where('id', '=', id)
    .execute();
  const expected = ['01-01 new (order) +9000 → 9000', '05-05 churn (ended) -9000 → 0'];
  assert.deepEqual(await movements(), expected);
  await foldListCounts(ctx.db);
  await sql`update recurring_movements set amount = amount + 1 where provider_id = ${provider.id}`.execute(ctx.db);
  assert.ok((await sql`select name from recurring_errors()`.execute(ctx.db)).rows.length > 0);
  await sql`select rebuild_list_counts()`.execute(ctx.db);
  assert.deepEqual((await sql`select name from recurring_errors()`.execute(ctx.db)).rows, []);
  assert.deepEqual(await movements(), expected);
});
