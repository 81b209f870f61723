import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';
import { makePlan } from '../../test/support/factories/catalog.ts';
import { makePerson, makeSeller, subscribe } from '../../test/support/factories/subscriptions.ts';
import { makeSubject, orderEntry, paidEntry, writtenOffEntry } from '../../test/support/factories/ledger.ts';
import { startDemoApp, type DemoApp } from '../../test/support/start-demo-app.ts';

// Each point of each report has the address of its rows, and the rows add up to the point.

let app: DemoApp;
let token: string;
before(async () => {
  app = await startDemoApp();
  token = (await app.signIn('donny')) ?? assert.fail('no manager of the sample seller');
  await makeDebts();
});
after(() => app.close());

const DAY_MS = 86_400_000;

/** Posts orders of each age, of which some are paid or written off in part. */
async function makeDebts(): Promise<void> {
  const provider = await findProfileBySlug(app.db, 'cowork');
  const payer = await findProfileBySlug(app.db, 'xia');
  assert.ok(provider && payer);
  for (const days of [3, 40, 70, 200]) {
    const sale = { provider: provider.id, payer: payer.id, subject: makeSubject() };
    const at = (back: number) => new Date(app.clock.now().getTime() - back * DAY_MS);
    const post = (key: string, back: number, entries: ReturnType<typeof orderEntry>[]) =>
      inTransaction(app.db, (tx) =>
        postEvent(tx, { key: `debt:${days}:${key}`, kind: 'order', at: at(back), entries }),
      );
    await post('order', days, [orderEntry({ ...sale, amount: 1000 + days })]);
    await post('paid', days - 1, [paidEntry({ ...sale, amount: 100 })]);
    await post('canceled', days / 2, [writtenOffEntry({ ...sale, amount: 50 })]);
  }
}

interface Series {
  slug: string;
  values: [string, number][];
  links: (string | null)[];
}
interface Report {
  results: Series[];
  extra?: Series[];
}
interface BalanceSheet {
  unit: string;
  results: { selector: string; values: [string, number][]; links: string[] }[];
}
type Side<Of extends 'orig' | 'dest'> = Record<`${Of}_account` | `${Of}_unit`, string> & Record<`${Of}_amount`, number>;
type EntryRow = Side<'orig'> & Side<'dest'>;
interface Rows {
  count: number;
  next: string | null;
  counted_amount?: number | null;
  customers_count?: number | null;
  results: { counted?: number; amount?: number; profile?: { slug: string } }[];
}

async function get<T>(url: string): Promise<T> {
  const { pathname, search } = new URL(url, 'http://cowork.test');
  const reply = await app.http.inject({ url: `${pathname}${search}`, headers: { authorization: `Bearer ${token}` } });
  assert.equal(reply.statusCode, 200, `${url}: ${reply.body}`);
  return reply.json<T>();
}

/** Reads all pages of a list. */
async function readRows(url: string): Promise<Rows> {
  const first = await get<Rows>(`${url}&page_size=100`);
  const results = [...first.results];
  for (let { next } = first; next !== null;) {
    const page = await get<Rows>(next);
    results.push(...page.results);
    next = page.next;
  }
  assert.equal(results.length, first.count, url);
  return { ...first, results };
}

const sumOf = (rows: Rows, of: 'counted' | 'amount') => rows.results.reduce((sum, row) => sum + (row[of] ?? 0), 0);

/** What a point says of its rows; reports that are not listed sum the amounts that their rows count. */
const measures: Readonly<Record<string, (rows: Rows, series: Series) => number>> = {
  balances: (rows) => Math.abs(sumOf(rows, 'counted')),
  customers: (rows) => rows.customers_count ?? Number.NaN,
  plans: (rows) => rows.count,
  'recurring-revenue': (rows) => sumOf(rows, 'amount'),
};

const reports = [
  'funds',
  'balances',
  'customers',
  'plans',
  'recurring-revenue',
  'deferred-income',
  'scheduled-income',
  'receivables',
];

for (const name of reports)
  test(`the rows behind each point of ${name} add up to it`, async () => {
    const { results, extra = [] } = await get<Report>(`/api/metrics/cowork/${name}?nb_periods=4`);
    const measure = measures[name] ?? ((rows: Rows) => sumOf(rows, 'counted'));
    const zeros: string[] = [];
    let points = 0;
    for (const series of [...results, ...extra]) {
      assert.equal(series.links.length, series.values.length, series.slug);
      for (const [index, [at, value]] of series.values.entries()) {
        const link = series.links[index];
        if (link === null || link === undefined) {
          zeros.push(series.slug);
          continue;
        }
        const rows = await readRows(link);
        assert.equal(measure(rows, series), value, `${series.slug} at ${at}: ${link}`);
        points += value === 0 ? 0 : 1;
      }
    }
    assert.ok(points > 0, `${name} has only zeros`);
    // Differences and shares of other points have no rows of their own.
    assert.deepEqual([...new Set(zeros)], name === 'customers' ? ['net-new-customers', 'percent-customer-churn'] : []);
  });

test('the rows behind each point of a balance sheet add up to it', async () => {
  const lines = [
    ['Paid', 'funds'],
    ['Earned', 'Income'],
    ['Everything', ''],
  ];
  for (const [index, [title, selector]] of lines.entries()) {
    const reply = await app.http.inject({
      method: 'POST',
      url: '/api/metrics/balances/rows/lines',
      headers: { authorization: `Bearer ${token}` },
      payload: { title, selector, rank: index + 1 },
    });
    assert.equal(reply.statusCode, 201, reply.body);
  }
  const { unit, results } = await get<BalanceSheet>('/api/metrics/balances/rows?nb_periods=2');
  assert.equal(results.length, lines.length);
  let points = 0;
  for (const { selector, values, links } of results)
    for (const [index, [at, value]] of values.entries()) {
      const link = links[index] ?? assert.fail(`${selector} at ${at} has no rows`);
      const has = (account: string) => account.toLowerCase().includes(selector.toLowerCase());
      const rows = (await readRows(link)).results as unknown as EntryRow[]; // as the list of the ledger has them
      const counted = rows.reduce(
        (sum, { orig_account, orig_amount, orig_unit, dest_account, dest_amount, dest_unit }) =>
          sum +
          (has(dest_account) && dest_unit === unit ? dest_amount : 0) -
          (has(orig_account) && orig_unit === unit ? orig_amount : 0),
        0,
      );
      assert.equal(counted, value, `${selector} at ${at}: ${link}`);
      points += value === 0 ? 0 : 1;
    }
  assert.ok(points > 1, 'the balance sheet has only zeros');
});

test('the rows behind each point of the cohorts are its subscribers, and add up to its revenue', async () => {
  const { results, extra = [] } = await get<Report>('/api/metrics/cowork/cohorts?nb_periods=4');
  let points = 0;
  for (const [of, measure] of [
    [results, (rows: Rows) => rows.count],
    [extra, (rows: Rows) => sumOf(rows, 'amount')],
  ] as const)
    for (const { slug, values, links } of of)
      for (const [index, [at, value]] of values.entries()) {
        const link = links[index] ?? assert.fail(`${slug} at ${at} has no rows`);
        assert.equal(measure(await readRows(link)), value, `cohort of ${slug} at ${at}: ${link}`);
        points += value === 0 ? 0 : 1;
      }
  assert.ok(points > 0, 'the cohorts have only zeros');
});

test('the rows behind each point of revenue churn are its share of the revenue at the start', async () => {
  const churn = await get<Report>('/api/metrics/cowork/revenue-churn?nb_periods=4');
  let rows_count = 0;
  for (const { slug, values, links } of churn.results)
    for (const [index, [at, value]] of values.entries()) {
      const link = links[index] ?? assert.fail(`${slug} at ${at} has no rows`);
      const rows = await readRows(link);
      const start_at = new URL(link, 'http://cowork.test').searchParams.get('start_at') ?? assert.fail(link);
      const start = await get<Report>(
        `/api/metrics/cowork/recurring-revenue?nb_periods=1&ends_at=${encodeURIComponent(start_at)}`,
      );
      const revenue = start.results[0]?.values.at(-1)?.[1] ?? Number.NaN;
      const lost = 0 - sumOf(rows, 'amount');
      assert.equal(value, revenue === 0 ? 0 : Math.round((lost / revenue) * 10_000) / 100 + 0, `${slug} at ${at}`);
      rows_count += rows.count;
    }
  assert.ok(rows_count > 0, 'no movement is counted');
});

/** Makes two members of the federation of cowork with subscribers of each state. */
let federation: Promise<string[]> | null = null;
/** Slugs of the subscribers of the members of a federation, made once. */
const strangersOf = () => (federation ??= makeFederation());

async function makeFederation(): Promise<string[]> {
  const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  const own = await makePlan(ctx, { title: 'federation' });
  const [club, gym] = [await makeSeller(app.db, 'club'), await makeSeller(app.db, 'gym')];
  const names: string[] = [];
  const plans = new Map<string, Awaited<ReturnType<typeof makePlan>>>();
  for (const member of [club, gym]) {
    const { id } = await subscribe(ctx, member.profile, own);
    await sql`update subscriptions set created_at = created_at - interval '1 day' where id = ${id}`.execute(app.db);
    plans.set(member.profile.slug, await makePlan(ctx, { provider_id: member.profile.id }));
  }
  for (const [members, years_back, years_left] of [
    [['club'], 3, -1],
    [['club'], 2, 1],
    [['club'], 0, 1],
    [['club', 'gym'], 0, 1],
  ] as const) {
    const person = await makePerson(app.db);
    names.push(person.profile.slug);
    for (const member of members) {
      const { id } = await subscribe(ctx, person.profile, plans.get(member) ?? assert.fail(member));
      await sql`update subscriptions set created_at = created_at - interval '1 day' - ${years_back} * interval '1 year',
        ends_at = ${app.clock.now()}::timestamptz + ${years_left} * interval '1 year' where id = ${id}`.execute(app.db);
    }
  }
  return names;
}

test('the rows behind each point of a federation are its profiles, and name the own subscribers only', async () => {
  const strangers = await strangersOf();
  const counted = new Map<string, number>();
  for (const report of ['federated', 'federated/shared']) {
    const { results } = await get<Report>(`/api/metrics/cowork/${report}`);
    for (const { slug, values, links } of results)
      for (const [index, [of, value]] of values.entries()) {
        const rows = await readRows(links[index] ?? assert.fail(`${slug} of ${of} has no rows`));
        assert.equal(rows.count, Math.abs(value), `${slug} of ${of}`);
        counted.set(`${slug} ${of}`, rows.count);
        const named = rows.results.flatMap(({ profile }) => profile?.slug ?? []);
        if (slug === 'shared' || of === 'club' || of === 'gym') assert.deepEqual(named, [], `${slug} of ${of}`);
        assert.deepEqual(
          named.filter((name) => strangers.includes(name)),
          [],
          `${slug} of ${of}`,
        );
        if (slug === 'newly-invited-profiles' && of !== 'club' && of !== 'gym') assert.ok(named.includes('club'), of);
      }
  }
  const of_club = ['removed', 'invited', 'newly-invited'].map((state) => counted.get(`${state}-profiles club`));
  assert.deepEqual([...of_club, counted.get('shared 1'), counted.get('shared 2')], [1, 1, 2, 2, 1]);
});

test("each figure of the page of a federation leads to a page with as many rows, of which a member's have no name", async () => {
  await strangersOf();
  const html = await getPage('/metrics/cowork/federated/');
  assert.deepEqual(hrefsIn(await getPage('/metrics/cowork/revenue/'), /federated/), ['/metrics/cowork/federated/']);
  const figures = [...html.matchAll(/href="(\/metrics\/cowork\/federated-profiles\/[^"]+)">(-?\d+)<\/a>/g)];
  // Club, gym and the whole, each with three figures, and two numbers of shared subscriptions.
  assert.equal(figures.length, 11, html);
  for (const [, href = '', value] of figures) {
    const url = unescape(href);
    const page = await getPage(`${url}&page_size=100`);
    const rows = [...page.matchAll(/<tr role="row">/g)].length - 1;
    assert.equal(Math.max(rows, 0), Math.abs(Number(value)), url);
    assert.equal(page.includes('no row can match'), false, url);
    if (/member=|state=shared/.test(url)) assert.equal(/Your subscriber/.test(page), false, url);
    const csv = await getPage(url.replace('/federated-profiles/', '/federated-profiles/download/'));
    assert.equal(csv.trim().split('\r\n').length, rows < 1 ? 1 : rows + 1, url);
  }
  assert.match(
    await getPage(
      unescape(figures.find(([, href]) => href?.includes('newly_invited') && !href.includes('member='))?.[1] ?? ''),
    ),
    /Your subscriber/,
  );
});

test('the parts of deferred income add up to its amounts, now and later', async () => {
  const { results } = await get<Report>('/api/metrics/cowork/deferred-income?nb_periods=6');
  const valuesOf = (slug: string, of: readonly Series[]) =>
    of.find((each) => each.slug === slug)?.values.map(([, value]) => value) ?? [];
  const flows = ['added', 'recognised', 'refunded', 'fees'].map((slug) => valuesOf(slug, results));
  const [opening, closing] = [valuesOf('opening', results), valuesOf('closing', results)];
  for (const [index, amount] of opening.entries())
    assert.equal(
      flows.reduce((sum, values) => sum + (values[index] ?? 0), amount),
      closing[index],
    );
  const schedule = await get<Report>('/api/metrics/cowork/scheduled-income?nb_periods=24');
  const [scheduled, later, undated, deferred] = [
    valuesOf('scheduled', schedule.results),
    ...['later', 'undated', 'deferred'].map((slug) => valuesOf(slug, schedule.extra ?? [])),
  ];
  const sum = [...(scheduled ?? []), ...(later ?? []), ...(undated ?? [])].reduce((a, b) => a + b, 0);
  assert.equal(sum, deferred?.[0]);
  assert.equal(closing.at(-1), deferred?.[0]);
});

async function getPage(url: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/html' };
  const reply = await app.http.inject({ url, headers });
  assert.equal(reply.statusCode, 200, `${url}: ${reply.body.slice(0, 500)}`);
  return reply.body;
}

const unescape = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&#39;', "'");
const hrefsIn = (html: string, pattern: RegExp) =>
  [...new Set([...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => unescape(href ?? '')))].filter((href) =>
    pattern.test(href),
  );

const tabs = ['funds', 'balances', 'customers', 'plans', 'recurring', 'deferred', 'receivables'];
for (const tab of tabs)
  test(`the page of ${tab} links its figures to rows, compares them and downloads what it draws`, async () => {
    const html = await getPage(`/metrics/cowork/revenue/?tab=${tab}&nb_periods=2`);
    const rows = hrefsIn(html, /^\/metrics\/cowork\/(entries|subscriptions|movements)\/\?/);
    assert.ok(rows.length > 2, `${tab} has ${rows.length} links`);
    for (const href of rows.slice(-3)) assert.match(await getPage(href), /in total|subscription|No (entry|movement)/);
    assert.match(html, /2 months before/);
    assert.match(html, /What is this\?/);
    const charts = hrefsIn(html, /[?&]chart=/);
    assert.ok(charts.length > 0);
    for (const href of charts) {
      const csv = await getPage(href);
      const [head = '', ...lines] = csv.trim().split('\r\n');
      assert.equal(lines.length, 2, csv);
      // The headings are those of the table below the chart.
      for (const name of head.split(',').slice(1))
        assert.ok(
          html.includes(`>${name.replaceAll('"', '')}</th>`) || html.includes(name.slice(1, 8)),
          `${href}: ${name}`,
        );
    }
    const whole = await getPage(hrefsIn(html, /download\/\?/).find((href) => !href.includes('chart=')) ?? '');
    assert.ok(whole.trim().split('\r\n').length > 1);
  });

test('the download of rows has those of the page, with their sum', async () => {
  const query = 'series=deferred-payments&unit=usd&ends_at=2030-01-01';
  const csv = await getPage(`/metrics/cowork/entries/download/?${query}`);
  const rows = await readRows(`/api/metrics/cowork/entries?${query}`);
  assert.equal(csv.trim().split('\r\n').length, rows.count + 1);
});

test('a page of rows refuses an address without a point and names the parameter', async () => {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/html' };
  for (const url of ['/metrics/cowork/entries/', '/metrics/cowork/subscriptions/?state=none'])
    assert.equal((await app.http.inject({ url, headers })).statusCode, 400, url);
});
