import assert from 'node:assert/strict';
import { findProfileBySlug } from '#profiles';
import { periodTypes } from '#kernel/period';
import { foldListCounts } from '../../src/platform/lists/row-count-store.ts';
import { recountBalance, recountCustomers, recountFunds } from '../../src/simulate/recount/recount-money.ts';
import { readLedger, readSubscriptions } from '../../src/simulate/recount/rows-store.ts';
import { recountDues, recountValues } from '../../src/simulate/recount/recount-customers.ts';
import { recountDeferred, recountReceivables } from '../../src/simulate/recount/recount-income.ts';
import { recountPlans } from '../../src/simulate/recount/recount-subscriptions.ts';
import { expectStatus } from '../support/changes.ts';
import { sorted } from '../support/recount/read-pages.ts';
import type { Course } from './properties.ts';
import { recountRevenue } from './property-rules.ts';

const zones = ['America/Los_Angeles', 'Europe/Paris', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe', 'UTC'];
const unit = 'usd';

interface Series {
  slug: string;
  values: [at: string, value: number][];
}

/** Members of the responses that are compared. */
interface Report {
  results: Series[];
  extra?: Series[];
}

interface Row {
  contract_value: number;
  cash_payments: number;
  deferred_revenue: number;
  balances: Record<string, { balance: number } | undefined>;
}

const seriesOf = ({ results, extra = [] }: Report) => [...results, ...extra];
const valuesOf = (series: readonly Series[]) =>
  Object.fromEntries(series.map(({ slug, values }) => [slug, values.map(([, value]) => value)]));

async function read<T = Report>({ site }: Course, report: string, query: Record<string, string> = {}): Promise<T> {
  const url = `/api/metrics/cowork/${report}?${new URLSearchParams(query).toString()}`;
  return (await expectStatus(site.broker('GET', url), 200)).json<T>();
}

/** Compares each figure of the provider with a recount of the rows that the commands left; property 15. */
export async function checkFigures(course: Course): Promise<void> {
  const { site, draws, log } = course;
  const { db } = site.app;
  if (draws.chance(0.5)) await foldListCounts(db);
  const provider = await findProfileBySlug(db, 'cowork');
  assert.ok(provider);
  const entries = await readLedger(db);
  const subscriptions = await readSubscriptions(db);
  const now = site.app.clock.now();
  for (let asked = 0; asked < 5; asked += 1) {
    const periods_count = draws.whole(1, 20);
    const question = {
      period_type: draws.one(periodTypes),
      ends_at: new Date(now.getTime() - draws.whole(0, 60) * 3_600_000 * draws.whole(0, 24)).toISOString(),
      timezone: draws.one(zones),
    };
    const what = JSON.stringify({ ...question, periods_count });
    const ask = (report: string, more: Record<string, string> = { unit }, count = periods_count) =>
      read(course, report, { ...question, nb_periods: String(count), ...more });
    // A balance has a value at each bound: one period more shows the start of the period before the first.
    const { results } = await ask('balances', { unit }, periods_count + 1);
    const [before, ...bounds] = (results[0]?.values ?? []).map(([at]) => new Date(at));
    const end = bounds.at(-1);
    assert.ok(before && end, what);
    const starts = [before, ...bounds.slice(0, -1)];
    const funds = await ask('funds');
    assert.deepEqual(valuesOf(funds.results), recountFunds(entries, provider.id, unit, starts, end), what);
    const customers = await ask('customers', {});
    assert.deepEqual(valuesOf(seriesOf(customers)), recountCustomers(entries, provider.id, starts, end), what);
    const deferred = await ask('deferred-income');
    assert.deepEqual(valuesOf(deferred.results), recountDeferred(entries, provider.id, unit, bounds), what);
    const debts = await ask('receivables');
    assert.deepEqual(valuesOf(seriesOf(debts)), recountReceivables(entries, provider.id, unit, bounds), what);
    const plans = await ask('plans', {});
    const slugs = plans.results.map(({ slug }) => slug);
    assert.deepEqual(valuesOf(plans.results), recountPlans(subscriptions, slugs, bounds).active, what);
    await checkRevenue(course, provider.id, await ask('recurring-revenue'), what);
  }
  await checkLists(course, provider.id);
  const scheduled = seriesOf(await read(course, 'scheduled-income', { unit }));
  const total = scheduled
    .filter(({ slug }) => slug !== 'deferred')
    .flatMap(({ values }) => values.map(([, value]) => value))
    .reduce((sum, value) => sum + value, 0);
  const until = new Date(now.getTime() + 1);
  const backlog = 0 - recountBalance(entries, provider.id, (name) => name === 'Backlog', unit, until);
  assert.equal(total, backlog, `the scheduled income is the deferred income: ${log.at(-1)}`);
}

/** Property 15: the sum of the movements before an instant is the recurring revenue of the coverages that run there. */
async function checkRevenue(
  { site }: Course,
  provider_id: number,
  { results, extra = [] }: Report,
  what: string,
): Promise<void> {
  const [revenue] = results;
  assert.ok(revenue);
  for (const [index, [at, value]] of revenue.values.entries()) {
    assert.equal(value, await recountRevenue(site.app.db, provider_id, new Date(at)), `property 15 at ${at}: ${what}`);
    if (index === 0) continue;
    const moved = extra.reduce((sum, { values }) => sum + (values[index - 1]?.[1] ?? 0), 0);
    assert.equal(value - (revenue.values[index - 1]?.[1] ?? 0), moved, `property 15: movements until ${at}`);
  }
}

async function checkLists(course: Course, provider_id: number): Promise<void> {
  const entries = await readLedger(course.site.app.db);
  const expected = [...recountValues(entries, provider_id)].flatMap(([, { contract, cash, unearned }]) =>
    contract > 0 ? [[contract, cash, Math.max(0, unearned)]] : [],
  );
  const page = { page_size: '100' };
  const values = await read<{ results: Row[] }>(course, 'lifetimevalue', page);
  assert.deepEqual(
    sorted(values.results.map((row) => [row.contract_value, row.cash_payments, row.deferred_revenue].map(Number))),
    sorted(expected),
    'values of customers',
  );
  const dues = await read<{ results: Row[] }>(course, 'balances-due', page);
  assert.deepEqual(
    sorted(dues.results.map(({ balances }) => balances[unit]?.balance)),
    sorted(Object.values(recountDues(entries, provider_id)).map((due) => due[unit])),
    'balances due',
  );
}
