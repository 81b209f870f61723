import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { periodTypes } from '#kernel/period';
import { accounts, moveAmount, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { Profile } from '#profiles';
import { foldListCounts } from '../../platform/lists/row-count-store.ts';
import { makeRandom, type Random } from '../../simulate/random.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { recountDeferred, recountReceivables } from '../../simulate/recount/recount-income.ts';
import { readLedger } from '../../simulate/recount/rows-store.ts';
import { ledgerSeeds } from '../../../test/support/recount/seeds.ts';
import { reportDeferredIncome } from '../deferred/report-deferred-income.ts';
import { readPeriods } from '../report-periods.ts';
import type { Series } from '../series.ts';
import { reportReceivables } from './report-receivables.ts';

let database: TestDatabase;
let ctx: TestContext;
const sellers: Profile[] = [];
const buyers: Profile[] = [];
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-04-15T19:00:00Z') });
  for (const slug of ['seller', 'other']) sellers.push(await makeOrganization(ctx.db, { slug, is_provider: true }));
  for (const slug of ['ada', 'ben', 'cy']) buyers.push(await makeOrganization(ctx.db, { slug }));
});
after(() => database.close());

const { receivable, payable, liability, backlog, income, refunded, refund, canceled, expenses } = accounts;
type Row = readonly [from: number, from_account: string, to: number, to_account: string];
/** Rows of a seller and a buyer, as the operations of the site post them. */
const shapes: Readonly<Record<string, (seller: number, buyer: number) => readonly Row[]>> = {
  order: (p, c) => [[p, receivable, c, payable]],
  payment: (p, c) => [
    [c, payable, c, liability],
    [p, backlog, p, receivable],
  ],
  write_off: (p, c) => [[p, receivable, c, canceled]],
  reversal: (_, c) => [[c, liability, c, payable]],
  credit_note: (p, c) => [[c, payable, p, receivable]],
  earned: (p) => [[p, income, p, backlog]],
  earned_before_paid: (p) => [[p, income, p, receivable]],
  paid_after_earned: (p) => [[p, receivable, p, backlog]],
  credited: (p, c) => [[c, refunded, p, backlog]],
  refunded_time: (p) => [[p, refund, p, backlog]],
  fee: (p) => [[p, backlog, p, expenses]],
};
const shape_names = [...Object.keys(shapes), 'order', 'order', 'payment', 'payment'];
const zones = ['America/Los_Angeles', 'Europe/Paris', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe', 'UTC'];
/** Instants at the borders of days and of summer time. */
const borders = [
  '2025-10-26T01:00Z',
  '2025-11-02T04:00Z',
  '2026-01-01T05:45Z',
  '2026-03-08T05:00Z',
  '2026-03-29T01:00Z',
];

let events = 0;
/** Picks one of a list that is not empty. */
const pickOf = <T>(random: Random, [first, ...rest]: readonly T[]): T =>
  random.pick([first as T, ...rest] /* the list is not empty */);

async function postRandom(random: Random): Promise<void> {
  const [seller, buyer] = [pickOf(random, sellers), pickOf(random, buyers)];
  const name = pickOf(random, shape_names);
  const minutes = random.chance(0.3) ? 0 : random.integer(-60 * 24 * 40, 60 * 24 * 40);
  const at = new Date(Date.parse(pickOf(random, borders)) + minutes * 60_000);
  const amount = random.pick([random.integer(1, 100_000), 1000, 2000]);
  const unit = random.chance(0.2) ? 'eur' : 'usd';
  const subject = { kind: 'sub', id: `${seller.id}-${buyer.id}`, part: random.chance(0.2) ? 'seats' : '' };
  const entries = (shapes[name]?.(seller.id, buyer.id) ?? []).map(([from, from_account, to, to_account]) =>
    moveAmount({
      from: { profile_id: from, account: from_account },
      to: { profile_id: to, account: to_account },
      amount,
      unit,
      subject,
      description: name,
    } as Parameters<typeof moveAmount>[0]),
  );
  events += 1;
  await inTransaction(ctx.db, (tx) => postEvent(tx, { key: `income:${events}`, kind: 'order', at, entries }));
}

const valuesOf = (series: readonly Series[]) =>
  Object.fromEntries(series.map(({ slug, values }) => [slug, values.map(([, value]) => value)]));

async function compare(random: Random): Promise<void> {
  const entries = await readLedger(ctx.db);
  const question = {
    period_type: pickOf(random, periodTypes),
    nb_periods: String(random.integer(1, 20)),
    ends_at: new Date(Date.parse(pickOf(random, borders)) + random.integer(0, 5_000_000_000)).toISOString(),
    timezone: pickOf(random, zones),
  };
  const periods = readPeriods(question, 'UTC', ctx.clock.now());
  for (const provider of sellers)
    for (const unit of ['usd', 'eur']) {
      const what = JSON.stringify({ ...question, seller: provider.slug, unit });
      const deferred = await reportDeferredIncome(ctx.db, { provider, unit }, periods);
      assert.deepEqual(valuesOf(deferred.results), recountDeferred(entries, provider.id, unit, periods.bounds), what);
      const { results, extra = [] } = await reportReceivables(ctx.db, { provider, unit }, periods);
      const expected = recountReceivables(entries, provider.id, unit, periods.bounds);
      assert.deepEqual(valuesOf([...results, ...extra]), expected, what);
    }
}

for (const seed of ledgerSeeds())
  test(`debts by age and deferred income are those of a recount, seed ${seed}`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const random = makeRandom(seed, 'income');
    for (let round = 0; round < 6; round += 1) {
      for (let index = 0; index < 25; index += 1) {
        await postRandom(random);
        if (random.chance(0.1)) await foldListCounts(ctx.db);
      }
      for (let asked = 0; asked < 3; asked += 1) await compare(random);
    }
  });

test('debts are checked and written anew', async () => {
  await foldListCounts(ctx.db);
  await foldListCounts(ctx.db);
  const errors = async () => (await sql<{ name: string }>`select name from figure_errors()`.execute(ctx.db)).rows;
  assert.deepEqual(await errors(), []);
  await sql`update metric_debts set amount = amount + 1`.execute(ctx.db);
  assert.ok((await errors()).some(({ name }) => name.startsWith('debt of entry')));
  await sql`select rebuild_list_counts()`.execute(ctx.db);
  assert.deepEqual(await errors(), []);
});
