import { isDeepStrictEqual } from 'node:util';
import type { Reader } from '#platform/db/database';
import { managers } from './catalog.ts';
import type { Random } from './random.ts';
import { recountDues, recountValues, valueKey } from './recount/recount-customers.ts';
import { recountDeferred, recountReceivables } from './recount/recount-income.ts';
import { recountBalance, recountCustomers, recountFunds } from './recount/recount-money.ts';
import { recountChurn, recountCohorts, recountMoves, recountRevenue } from './recount/recount-recurring.ts';
import {
  recountInvited,
  recountMembers,
  recountPlans,
  recountRegistered,
  recountShared,
} from './recount/recount-subscriptions.ts';
import { readRows, type RecountRows } from './recount/rows-store.ts';
import type { BrokenRule } from './rule-store.ts';
import type { SimulatedSite } from './site.ts';

/** What a comparison of the reports with a recount needs. */
export interface Comparison {
  site: SimulatedSite;
  reader: Reader;
  random: Random;
  /** First and last instant of the business. */
  start: Date;
  now: Date;
}

/** Values that were compared, and reports that differ. */
export interface ComparedMetrics {
  values_count: number;
  broken: BrokenRule[];
}

/** Values of a report by the slug of the series. */
type Values = Record<string, unknown[]>;

const UNIT = 'usd';
const BROKER_USER = 'olga';
const sheet = 'simulated';
const sheet_lines = ['refund', 'payable', 'backlog', 'income', 'receivable'];

/** Compares every report of both providers with a recount of the same rows: the response of the API, value by value. */
export async function compareMetrics(comparison: Comparison): Promise<ComparedMetrics> {
  const { site, reader } = comparison;
  await addSheet(site);
  const rows = await readRows(reader);
  const compared = makeTally();
  for (const slug of Object.keys(managers)) {
    const provider = rows.profiles.find((each) => each.slug === slug);
    if (!provider) throw new Error(`the simulation has no provider ${slug}`);
    for (const question of questions(comparison))
      await comparePeriods(comparison, rows, { slug, id: provider.id }, question, compared);
    await compareNow(comparison, rows, { slug, id: provider.id }, compared);
  }
  const registered = await readWhole(site, '/api/metrics/registered');
  const sorted = (names: readonly string[]) => names.toSorted((a, b) => (a < b ? -1 : 1));
  const names = sorted(registered.map(({ username }) => String(username)));
  compared.check('registered', { usernames: names }, { usernames: sorted(recountRegistered(rows, comparison.now)) });
  return compared;
}

interface Tally extends ComparedMetrics {
  check(what: string, actual: object, expected: object): void;
}

const VALUES_SHOWN = 3;

function makeTally(): Tally {
  const tally: Tally = {
    values_count: 0,
    broken: [],
    check(what, actual, expected) {
      const differences: Record<string, unknown>[] = [];
      for (const key of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
        const shown: unknown = Reflect.get(actual, key);
        const counted: unknown = Reflect.get(expected, key);
        tally.values_count += Array.isArray(counted) ? counted.length : 1;
        if (!isDeepStrictEqual(shown, counted)) differences.push({ series: key, shown, counted });
      }
      if (differences.length > 0)
        tally.broken.push({ rule: `${what} is that of a recount`, rows: differences.slice(0, VALUES_SHOWN) });
    },
  };
  return tally;
}

/** Queries of reports: months up to now, and each type of period with a zone and an end that are drawn. */
function questions({ random, start, now }: Comparison): string[] {
  const zones = ['UTC', 'America/Los_Angeles', 'Europe/Paris', 'Asia/Kathmandu', 'Australia/Lord_Howe'] as const;
  const drawn = (['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).map((period_type) => {
    const at = new Date(random.integer(start.getTime(), now.getTime()));
    return new URLSearchParams({ period_type, ends_at: at.toISOString(), timezone: random.pick(zones) }).toString();
  });
  return ['period_type=monthly', ...drawn];
}

const PERIODS = 12;

async function comparePeriods(
  { site }: Comparison,
  { entries, ...others }: RecountRows,
  { slug, id }: { slug: string; id: number },
  question: string,
  { check }: Tally,
): Promise<void> {
  const rows = { entries, ...others };
  const user = managers[slug] ?? null;
  const read = async (name: string, count = PERIODS, unit = `&unit=${UNIT}`) => {
    const url = `/api/metrics/${name}?${question}&nb_periods=${count}${unit}`;
    return (await site.call(user, 'GET', url)).body;
  };
  // A balance has a value at each bound: one period more than asked shows the start of the period before the first.
  const [before, ...bounds] = instantsOf(await read(`${slug}/balances`, PERIODS + 1));
  const end = bounds.at(-1);
  if (!before || !end) throw new Error(`the report of balances has no instants: ${question}`);
  const starts = [before, ...bounds.slice(0, -1)];
  const what = (name: string) => `${name} of ${slug} (${question})`;
  const compare = async (name: string, expected: Values, unit?: string) =>
    check(what(name), valuesOf(await read(`${slug}/${name}`, PERIODS, unit)), expected);

  await compare('funds', recountFunds(entries, id, UNIT, starts, end));
  await compare('customers', recountCustomers(entries, id, starts, end), '');
  await compare('receivables', recountReceivables(entries, id, UNIT, bounds));
  await compare('deferred-income', recountDeferred(entries, id, UNIT, bounds));
  const accounts = ['Income', 'Backlog', 'Receivable', 'Credit'].map((account): [string, number[]] => [
    account.toLowerCase(),
    bounds.map((bound) => Math.abs(recountBalance(entries, id, (name) => name === account, UNIT, bound))),
  ]);
  await compare('balances', Object.fromEntries(accounts));
  const plans = seriesOf((await read(`${slug}/plans`, PERIODS, ''))['results']).map((series) => series.slug);
  await compare('plans', plansOf(recountPlans(rows.subscriptions, plans, bounds)), '');

  const subscribers = recountMoves(rows, id, UNIT);
  await compare('recurring-revenue', recountRevenue(subscribers, bounds));
  await compare('revenue-churn', recountChurn(subscribers, bounds));
  const cohorts = await read(`${slug}/cohorts`);
  const shown = (of: unknown) => seriesOf(of).map(({ values }) => values.map(([, value]) => value));
  const { counts, amounts } = recountCohorts(subscribers, bounds);
  check(what('cohorts'), { counts: shown(cohorts['results']), amounts: shown(cohorts['extra']) }, { counts, amounts });

  const lines = seriesOf((await site.call(BROKER_USER, 'GET', sheetUrl(question))).body['results']);
  for (const { slug: line, selector, values } of lines) {
    const balances = values.map(([at]) =>
      recountBalance(entries, null, (name) => name.toLowerCase().includes(selector ?? line), UNIT, new Date(at)),
    );
    check(what('balance sheet'), { [line]: values.map(([, value]) => value) }, { [line]: balances });
  }
}

/** Names the counts of subscriptions as the report does. */
function plansOf({ active, ended }: ReturnType<typeof recountPlans>): Values {
  const lists = Object.values(ended);
  const all = lists[0]?.map((_, index) => lists.reduce((sum, counts) => sum + (counts[index] ?? 0), 0)) ?? [];
  const churn = Object.entries(ended).map(([plan, counts]): [string, number[]] => [`churn-${plan}`, counts]);
  return { ...active, churn: all, ...Object.fromEntries(churn) };
}

/** Rows of the report of a federation: its members by name, then all of it. */
function federationOf({ subscriptions, profiles }: RecountRows, id: number, at: Date): Values {
  const sellers = profiles.filter(({ plans_count }) => plans_count > 0).map((profile) => profile.id);
  const ids = recountMembers(subscriptions, sellers, id, at);
  const own = profiles.find((profile) => profile.id === id);
  const members = profiles.filter((profile) => ids.includes(profile.id)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const counts = [
    ...members.map((member) => ({ name: member.name, ...recountInvited(subscriptions, [member.id], at, at) })),
    { name: own?.name ?? '', ...recountInvited(subscriptions, [id, ...ids], at, at) },
  ];
  return {
    'removed-profiles': counts.map(({ name, removed }) => [name, 0 - removed]),
    'invited-profiles': counts.map(({ name, invited }) => [name, invited]),
    'newly-invited-profiles': counts.map(({ name, newly_invited }) => [name, newly_invited]),
  };
}

const sheetUrl = (question: string) => `/api/metrics/balances/${sheet}?${question}&nb_periods=${PERIODS}`;

async function addSheet(site: SimulatedSite): Promise<void> {
  for (const [rank, selector] of sheet_lines.entries())
    await site.call(BROKER_USER, 'POST', `/api/metrics/balances/${sheet}/lines`, { title: selector, selector, rank });
}

/** Compares the reports of now. */
async function compareNow(
  { site, now }: Comparison,
  rows: RecountRows,
  { slug, id }: { slug: string; id: number },
  { check }: Tally,
): Promise<void> {
  const { entries, profiles, subscriptions } = rows;
  const sellers = profiles.filter(({ plans_count }) => plans_count > 0).map((profile) => profile.id);
  const members = recountMembers(subscriptions, sellers, id, now);
  const names = new Map(profiles.map((profile) => [profile.id, profile.slug]));
  const counted = recountValues(entries, id);
  const expected = profiles.flatMap((profile) => {
    const value = counted.get(valueKey(profile.id, UNIT));
    if (!value || value.contract <= 0) return [];
    const deferred_revenue = Math.max(0, value.unearned);
    return [[profile.slug, { contract_value: value.contract, cash_payments: value.cash, deferred_revenue }] as const];
  });
  const user = managers[slug] ?? null;

  const values = (await readWhole(site, `/api/metrics/${slug}/lifetimevalue`)).map((row): [string, object] => [
    String(row['slug']),
    {
      contract_value: Number(row['contract_value']),
      cash_payments: Number(row['cash_payments']),
      deferred_revenue: Number(row['deferred_revenue']),
    },
  ]);
  check(`lifetime value of ${slug}`, Object.fromEntries(values), Object.fromEntries(expected));
  const dues = Object.entries(recountDues(entries, id)).map(([customer, amounts]): [string, unknown] => [
    names.get(Number(customer)) ?? '',
    amounts[UNIT],
  ]);
  const due = (await readWhole(site, `/api/metrics/${slug}/balances-due`)).map((row): [string, unknown] => {
    const balances: unknown = Reflect.get(Object(row['balances']), UNIT);
    return [String(row['slug']), Reflect.get(Object(balances), 'balance')];
  });
  check(`balances due to ${slug}`, Object.fromEntries(due), Object.fromEntries(dues));
  const memberValues = async (name: string) => {
    const { body } = await site.call(user, 'GET', `/api/metrics/${slug}/${name}?ends_at=${now.toISOString()}`);
    return Object.fromEntries(seriesOf(body['results']).map((series) => [series.slug, series.values]));
  };
  check(`federation of ${slug}`, await memberValues('federated'), federationOf(rows, id, now));
  check(`shared profiles of ${slug}`, await memberValues('federated/shared'), {
    shared: recountShared(subscriptions, members, now),
  });
  const { body } = await site.call(user, 'GET', `/api/metrics/${slug}/scheduled-income?unit=${UNIT}`);
  const scheduled = Object.values(valuesOf(body)).flat().map(Number);
  // 0 less the balance: the negative of no balance is not equal to 0.
  const backlog = 0 - recountBalance(entries, id, (name) => name === 'Backlog', UNIT, new Date(now.getTime() + 1));
  // The parts add up to the deferred income, which is the last series.
  check(
    `scheduled income of ${slug}`,
    { parts: scheduled.slice(0, -1).reduce((sum, amount) => sum + amount, 0), deferred: scheduled.at(-1) },
    { parts: backlog, deferred: backlog },
  );
}

interface ShownSeries {
  slug: string;
  selector: string | null;
  values: [at: string, value: number][];
}

/** Reports have a list of series. */
const seriesOf = (results: unknown) => (results ?? []) as ShownSeries[];

function valuesOf(body: Record<string, unknown>): Values {
  const series = [...seriesOf(body['results']), ...seriesOf(body['extra'])];
  return Object.fromEntries(series.map(({ slug, values }) => [slug, values.map(([, value]) => value)]));
}

function instantsOf(body: Record<string, unknown>): Date[] {
  return (seriesOf(body['results'])[0]?.values ?? []).map(([at]) => new Date(at));
}

/** Reads all rows of a list, as the broker. */
async function readWhole(site: SimulatedSite, url: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (let page = 1; ; page += 1) {
    const { status, body } = await site.call(BROKER_USER, 'GET', `${url}?page_size=100&page=${page}`);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${JSON.stringify(body)}`);
    rows.push(...((body['results'] ?? []) as Record<string, unknown>[])); // lists have these rows
    if (body['next'] === null || body['next'] === undefined) return rows;
  }
}
