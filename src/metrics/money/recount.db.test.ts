import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { accounts, moveAmount, postEvent } from '#ledger';
import type { ListQuery } from '#kernel/page';
import { periodTypes } from '#kernel/period';
import { inTransaction } from '#platform/db/database';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { findProfileById, type Profile } from '#profiles';
import { readPages, sorted, url, wholeList } from '../../../test/support/recount/read-pages.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { makeSubject } from '../../../test/support/factories/ledger.ts';
import { recountBalance, recountCustomers, recountFunds } from '../../simulate/recount/recount-money.ts';
import { readLedger, type RecountEntry } from '../../simulate/recount/rows-store.ts';
import { reportBalances } from '../balances/report-balances.ts';
import { addBalanceLine } from '../balances/index.ts';
import { reportCustomers } from '../customers/report-customers.ts';
import { periodStarts, readPeriods } from '../report-periods.ts';
import type { Series } from '../series.ts';
import { readEntriesOfPoint } from './list-entries.ts';
import { type EntrySeries, isPostingSeries } from './entry-series.ts';
import { reportFunds } from './report-funds.ts';
import { reportProviderBalances } from './report-provider-balances.ts';

let database: TestDatabase;
let ctx: TestContext;
let provider: Profile;
let other: Profile;
const customers: Profile[] = [];

before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-03-15T19:00:00Z') });
  provider = await makeOrganization(ctx.db, { slug: 'seller', is_provider: true });
  other = await makeOrganization(ctx.db, { slug: 'other', is_provider: true });
  for (let index = 0; index < 6; index += 1)
    customers.push(await makeOrganization(ctx.db, { slug: `customer-${index}` }));
});
after(() => database.close());

/** Zones with summer time, with half and three quarter hours, with a midnight that is missing or comes twice. */
const zones = ['America/Los_Angeles', 'Europe/Paris', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe', 'UTC'];

const { receivable, payable, backlog, liability, income, refunded, refund } = accounts;
/** Shapes of entries of a customer with a provider. */
const shapes = {
  order: (p: number, c: number) => [[p, receivable, c, payable]],
  payment: (p: number, c: number) => [
    [c, liability, p, accounts.funds],
    [p, backlog, p, receivable],
  ],
  credit_use: (p: number, c: number) => [
    [c, liability, p, 'Credit'],
    [p, backlog, p, receivable],
  ],
  credit_note: (p: number, c: number) => [
    [c, refunded, p, backlog],
    [p, 'Credit', c, refunded],
  ],
  open_note: (p: number, c: number) => [[c, payable, p, receivable]],
  refund: (p: number, c: number) => [[c, refunded, p, refund]],
  dispute: (p: number, c: number) => [[c, refunded, p, accounts.chargeback]],
  earned: (p: number) => [[p, income, p, backlog]],
  reclassified: (p: number) => [[p, receivable, p, backlog]],
} as const;
type Shape = keyof typeof shapes;

let number = 0;
async function post(
  shape: Shape,
  at: Date,
  given: { seller: Profile; customer: Profile; amount: number; unit: string },
) {
  number += 1;
  const rows = shapes[shape](given.seller.id, given.customer.id);
  const entries = rows.map(([from, from_account, to, to_account]) =>
    moveAmount({
      from: { profile_id: from, account: from_account },
      to: { profile_id: to, account: to_account },
      amount: given.amount,
      unit: given.unit,
      subject: makeSubject({ id: String(given.customer.id) }),
      description: shape,
    } as Parameters<typeof moveAmount>[0]),
  );
  await inTransaction(ctx.db, (tx) => postEvent(tx, { key: `recount:${number}`, kind: 'order', at, entries }));
}

/** Instants around the changes of the clocks, to the minute, so that many are near a bound. */
const instants = fc
  .tuple(
    fc.constantFrom(
      '2025-11-01T03:00Z',
      '2025-11-02T04:00Z',
      '2026-03-08T05:00Z',
      '2026-03-01T06:00Z',
      '2026-01-01T05:45Z',
    ),
    fc.integer({ min: -60 * 30, max: 60 * 30 }),
  )
  .map(([day, minutes]) => new Date(Date.parse(day) + minutes * 60_000));
const posts = fc.array(
  fc.record({
    // Object.keys widens the names.
    shape: fc.constantFrom(...(Object.keys(shapes) as Shape[]), 'order' as const, 'order' as const),
    at: instants,
    customer: fc.integer({ min: 0, max: 5 }),
    amount: fc.integer({ min: 0, max: 100_000 }),
    unit: fc.constantFrom('usd', 'usd', 'usd', 'eur'),
    is_other: fc.boolean(),
    folds: fc.integer({ min: 0, max: 9 }),
  }),
  { minLength: 10, maxLength: 40 },
);
const questions = fc.record({
  period_type: fc.constantFrom(...periodTypes),
  nb_periods: fc.integer({ min: 1, max: 30 }).map(String),
  ends_at: fc.oneof(
    instants.map((at) => at.toISOString()),
    fc.constantFrom('2026-03-01', '2026-01-01T00:00', '2025-11-03', '2026-04-01'),
  ),
  timezone: fc.option(fc.constantFrom(...zones), { nil: undefined }),
});

test('each figure of money and customers is that of a recount of the ledger', async () => {
  await addBalanceLine(ctx, { report: 'all', title: 'Refunds', selector: 'refund', rank: 1 });
  await addBalanceLine(ctx, { report: 'all', title: 'Payable', selector: 'payable', rank: 2 });
  await fc.assert(
    fc.asyncProperty(
      posts,
      fc.array(questions, { minLength: 3, maxLength: 6 }),
      fc.constantFrom(...zones),
      async (list, asked, zone) => {
        await ctx.db.updateTable('profiles').set({ default_timezone: zone }).where('slug', '=', 'seller').execute();
        for (const { shape, at, customer, is_other, folds, ...given } of list) {
          const buyer = customers[customer];
          assert.ok(buyer);
          await post(shape, at, { seller: is_other ? other : provider, customer: buyer, ...given });
          // Two runs add what a first one saw: some entries are in the sums, some are not.
          if (folds < 2) await foldListCounts(ctx.db);
        }
        const entries = await readLedger(ctx.db);
        for (const question of asked) await compare(entries, question);
      },
    ),
    { numRuns: 6 },
  );
});

async function compare(entries: readonly RecountEntry[], question: Parameters<typeof readPeriods>[0]): Promise<void> {
  const reported = await findProfileById(ctx.db, provider.id);
  assert.ok(reported);
  const periods = readPeriods(question, reported.default_timezone, ctx.clock.now());
  const starts = periodStarts(periods);
  const end = periods.bounds.at(-1) ?? periods.before;
  const what = JSON.stringify({ ...question, zone: reported.default_timezone });
  const valuesOf = (series: readonly Series[]) =>
    Object.fromEntries(series.map(({ slug, values }) => [slug, values.map(([, value]) => value)]));

  for (const unit of ['usd', 'eur']) {
    const funds = await reportFunds(ctx.db, { provider: reported, unit }, periods);
    assert.deepEqual(valuesOf(funds.results), recountFunds(entries, provider.id, unit, starts, end), what);
    const balances = await reportProviderBalances(ctx.db, { provider: reported, unit }, periods);
    const expected = ['Income', 'Backlog', 'Receivable', 'Credit'].map((account) => [
      account.toLowerCase(),
      periods.bounds.map((bound) =>
        Math.abs(recountBalance(entries, provider.id, (name) => name === account, unit, bound)),
      ),
    ]);
    assert.deepEqual(valuesOf(balances.results), Object.fromEntries(expected), what);
    await compareEntries(unit, [...funds.results, ...balances.results], periods.timezone);
  }
  const counts = await reportCustomers(ctx.db, { provider: reported }, periods);
  assert.deepEqual(
    valuesOf([...counts.results, ...(counts.extra ?? [])]),
    recountCustomers(entries, provider.id, starts, end),
    what,
  );
  const sheet = await reportBalances(ctx, 'all', { ...question, nb_periods: Number(question.nb_periods) });
  for (const { selector, values } of sheet.results)
    for (const [at, amount] of values)
      assert.equal(
        amount,
        recountBalance(entries, null, (name) => name.toLowerCase().includes(selector), 'usd', new Date(at)),
        what,
      );
}

/** The rows behind the last point of each series add up to it. */
async function compareEntries(unit: string, series: readonly Series[], timezone: string): Promise<void> {
  for (const { slug, values, links } of series) {
    assert.equal(links.length, values.length);
    const query = links.at(-1)?.query ?? {};
    assert.ok(query['series'] && isPostingSeries(query['series']), slug);
    const instant = (name: string) => (query[name] === undefined ? null : new Date(query[name]));
    const point = {
      provider_id: provider.id,
      series: query['series'] satisfies EntrySeries,
      unit,
      start_at: instant('start_at'),
      ends_at: instant('ends_at') ?? new Date(0),
      before_at: instant('before_at'),
      timezone,
    };
    const read = (list: ListQuery) => readEntriesOfPoint(ctx, point, list, url);
    const found = await read(wholeList());
    assert.equal(Math.abs(found.counted_amount ?? Number.NaN), values.at(-1)?.[1], slug);
    assert.equal(found.results.length, Math.min(found.count, 100), `number of the entries of ${slug}`);
    if (found.count <= 100)
      assert.equal(
        found.results.reduce((sum, { counted }) => sum + counted, 0),
        found.counted_amount,
        slug,
      );
    // Orders of customers without others are read one after the other, from either end.
    if (found.count > 100 || point.before_at === null) continue;
    const keyOf = ({ created_at, counted }: { created_at: unknown; counted: number }) => [created_at, counted];
    for (const descending of [true, false]) {
      const pages = await readPages(read, { page_size: 3, order: [{ field: 'created_at', descending }] });
      assert.deepEqual(sorted(pages.map(keyOf)), sorted(found.results.map(keyOf)), slug);
    }
  }
}

test('the sums are checked and written anew', async () => {
  await foldListCounts(ctx.db);
  await foldListCounts(ctx.db);
  const errors = async () => (await sql<{ name: string }>`select name from figure_errors()`.execute(ctx.db)).rows;
  assert.deepEqual(await errors(), []);
  await sql`update metric_sums set amount = amount + 1 where grain = 'day' and scope_id = ${provider.id} and series = 'sales'`.execute(
    ctx.db,
  );
  await sql`update metric_sums set entries_count = entries_count + 1 where grain = 'quarter'`.execute(ctx.db);
  await sql`update metric_sales set kept_orders_count = kept_orders_count + 1`.execute(ctx.db);
  await sql`update metric_customers set orders_count = orders_count + 1`.execute(ctx.db);
  await sql`update metric_customer_totals set cash_amount = cash_amount + 1`.execute(ctx.db);
  assert.ok((await errors()).length > 3);
  await sql`select rebuild_list_counts()`.execute(ctx.db);
  assert.deepEqual(await errors(), []);
});
