import assert from 'node:assert/strict';
import { findProfileBySlug } from '#profiles';
import { periodTypes } from '#kernel/period';
import { reportCustomers } from '../../src/metrics/customers/report-customers.ts';
import { listDueCustomers } from '../../src/metrics/customers/list-balances-due.ts';
import { listLifetimeValues } from '../../src/metrics/customers/list-lifetime-values.ts';
import { reportDeferredIncome } from '../../src/metrics/deferred/report-deferred-income.ts';
import { reportScheduledIncome } from '../../src/metrics/deferred/report-scheduled-income.ts';
import { reportFunds } from '../../src/metrics/money/report-funds.ts';
import { reportPlans } from '../../src/metrics/plans/report-plans.ts';
import { reportReceivables } from '../../src/metrics/receivables/report-receivables.ts';
import { reportRecurring } from '../../src/metrics/recurring/report-recurring.ts';
import { periodStarts, readPeriods, readUpcoming } from '../../src/metrics/report-periods.ts';
import type { Series } from '../../src/metrics/series.ts';
import { foldListCounts } from '../../src/platform/lists/row-count-store.ts';
import { recountBalance, recountCustomers, recountFunds } from '../../src/simulate/recount/recount-money.ts';
import { readLedger, readSubscriptions } from '../../src/simulate/recount/rows-store.ts';
import { recountDues, recountValues } from '../../src/simulate/recount/recount-customers.ts';
import { recountDeferred, recountReceivables } from '../../src/simulate/recount/recount-income.ts';
import { recountPlans } from '../../src/simulate/recount/recount-subscriptions.ts';
import { sorted, url, wholeList } from '../support/recount/read-pages.ts';
import type { Course } from './properties.ts';
import { recountRevenue } from './property-rules.ts';

const zones = ['America/Los_Angeles', 'Europe/Paris', 'Asia/Kathmandu', 'America/Havana', 'Australia/Lord_Howe', 'UTC'];

const valuesOf = (series: readonly Series[]) =>
  Object.fromEntries(series.map(({ slug, values }) => [slug, values.map(([, value]) => value)]));

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
  const unit = 'usd';
  for (let asked = 0; asked < 5; asked += 1) {
    const question = {
      period_type: draws.one(periodTypes),
      nb_periods: String(draws.whole(1, 20)),
      ends_at: new Date(now.getTime() - draws.whole(0, 60) * 3_600_000 * draws.whole(0, 24)).toISOString(),
      timezone: draws.one(zones),
    };
    const what = JSON.stringify(question);
    const periods = readPeriods(question, 'UTC', now);
    const [starts, end] = [periodStarts(periods), periods.bounds.at(-1) ?? now];
    const reported = { provider, unit };
    const funds = await reportFunds(db, reported, periods);
    assert.deepEqual(valuesOf(funds.results), recountFunds(entries, provider.id, unit, starts, end), what);
    const { results, extra = [] } = await reportCustomers(db, reported, periods);
    assert.deepEqual(valuesOf([...results, ...extra]), recountCustomers(entries, provider.id, starts, end), what);
    const deferred = await reportDeferredIncome(db, reported, periods);
    assert.deepEqual(valuesOf(deferred.results), recountDeferred(entries, provider.id, unit, periods.bounds), what);
    const debts = await reportReceivables(db, reported, periods);
    const recounted = recountReceivables(entries, provider.id, unit, periods.bounds);
    assert.deepEqual(valuesOf([...debts.results, ...(debts.extra ?? [])]), recounted, what);
    const plans = await reportPlans(db, reported, periods);
    const slugs = plans.results.map(({ slug }) => slug);
    assert.deepEqual(valuesOf(plans.results), recountPlans(subscriptions, slugs, periods.bounds).active, what);
    await checkRevenue(course, provider.id, await reportRecurring(db, reported, periods), what);
  }
  await checkLists(course, provider);
  const scheduled = await reportScheduledIncome(db, { provider, unit }, readUpcoming({}, 'UTC', now));
  const total = [...scheduled.results, ...(scheduled.extra ?? [])]
    .filter(({ slug }) => slug !== 'deferred')
    .flatMap(({ values }) => values.map(([, value]) => value))
    .reduce((sum, value) => sum + value, 0);
  const backlog = -recountBalance(
    entries,
    provider.id,
    (name) => name === 'Backlog',
    unit,
    new Date(now.getTime() + 1),
  );
  assert.equal(total, backlog, `the scheduled income is the deferred income: ${log.at(-1)}`);
}

/** Property 15: the sum of the movements before an instant is the recurring revenue of the coverages that run there. */
async function checkRevenue(
  { site }: Course,
  provider_id: number,
  { results, extra = [] }: { results: Series[]; extra?: Series[] },
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

async function checkLists({ site }: Course, provider: Parameters<typeof listLifetimeValues>[1]): Promise<void> {
  const { db } = site.app;
  const entries = await readLedger(db);
  const expected = [...recountValues(entries, provider.id)].flatMap(([, { contract, cash, unearned }]) =>
    contract > 0 ? [[contract, cash, Math.max(0, unearned)]] : [],
  );
  const values = await listLifetimeValues(db, provider, wholeList(), url);
  assert.deepEqual(
    sorted(values.results.map((row) => [row.contract_value, row.cash_payments, row.deferred_revenue])),
    sorted(expected),
    'values of customers',
  );
  const dues = await listDueCustomers(db, provider, wholeList(), url);
  assert.deepEqual(
    sorted(dues.results.map(({ balances }) => balances['usd']?.balance)),
    sorted(Object.values(recountDues(entries, provider.id)).map((due) => due['usd'])),
    'balances due',
  );
}
