import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Budget, budgets, page_bytes_exceptions, page_exceptions, PAGE_BYTES_MAX } from '../../bench/budgets.ts';
import { countStatements, type StatementCount } from '../../bench/statement-count.ts';
import { withoutCounts } from '../support/page-statements.ts';
import { makeParkedMessage } from '../support/factories/payments.ts';
import { type DemoApp, startDemoApp } from '../support/start-demo-app.ts';

/** Values for the parameters of routes in the sample data; each is tried. */
const values: Readonly<Record<string, readonly string[]>> = {
  profile: ['xia', 'cowork'],
  user: ['xia', 'donny'],
  account: ['xia', 'cowork'],
  selector: ['Funds'],
  slug: ['order_executed'],
  charge: ['ch_XAb124EF'],
  event_key: ['evt_parked'],
  provider: ['cowork'],
  number: ['2026-000001'],
  plan: ['open-space'],
  subscriber: ['xia'],
  coupon: ['DIS50'],
  role: ['manager'],
  tag: ['billing'],
  unit: ['usd'],
  agreement: ['terms-of-use'],
  rule: ['1', '2'],
  report: ['taxes'],
  year: ['2026'],
  note: ['1'],
};

/** Pages behind a key of an invitation, an item of a cart or a seat, which the sample data does not have. */
const with_key = /:(?:key|verification_key|cartitem_id|seat)\b/;
const callers = [null, 'xia', 'donny'] as const;
/** Requests before the counted ones: statements are prepared and facts are cached then. */
const WARM_UP_COUNT = 2;
/** The lowest count is taken: the others include statements of the background. */
const RUNS_COUNT = 3;

interface Opened {
  route: string;
  /** The caller and the address. */
  name: string;
  least: StatementCount;
  bytes: number;
}

const skip = withoutCounts;
let app: DemoApp;
const opened: Opened[] = [];
/** Routes that redirect to another page or send a file. */
const without_page = new Set<string>();
const routes: string[] = [];
before(async () => {
  if (skip !== false) return;
  app = await startDemoApp();
  await writeNote();
  await makeParkedMessage(app, { event_key: 'evt_parked' });
  routes.push(
    ...app.http.routeList
      .filter(
        ({ method, page, passthrough, url }) => method === 'GET' && page && !passthrough && !url.startsWith('/_dev/'),
      )
      .map(({ url }) => url),
  );
  for (const caller of callers) {
    const token = caller === null ? null : await app.signIn(caller);
    for (const route of routes) for (const url of addressesOf(route)) await open(route, url, caller, token);
  }
  // Last: an unpaid order would change the pages of its payer.
  const route = '/billing/payments/:claim_code/';
  await open(route, route.replace(':claim_code', await placeUnpaidOrder()), null, null);
});
after(() => app?.close());

/** Writes the first note of the site, about a subscriber. */
async function writeNote(): Promise<void> {
  const headers = { authorization: `Bearer ${await app.signIn('donny')}` };
  const request = {
    method: 'POST',
    url: '/api/profile/cowork/notes/xia',
    headers,
    payload: { text: 'Called' },
  } as const;
  const { statusCode, body } = await app.http.inject(request);
  assert.equal(statusCode, 201, body);
}

/** Orders a plan for a subscriber without paying; returns the code of the link that pays it. */
async function placeUnpaidOrder(): Promise<string> {
  const headers = { authorization: `Bearer ${await app.signIn('donny')}` };
  const post = (url: string, payload: object) => app.http.inject({ method: 'POST', url, headers, payload });
  const added = await post('/api/cart', { plan: 'open-space', option: 1 });
  assert.ok(added.statusCode < 300, added.body);
  const placed = await post('/api/billing/xia/checkout/paylater', {});
  assert.equal(placed.statusCode, 201, placed.body);
  return placed.json<{ claim_code: string }>().claim_code;
}

/** Returns the addresses of a route with each value of its parameters; none if a value is unknown. */
function addressesOf(route: string): string[] {
  return [...route.matchAll(/:([A-Za-z_]+)(?:\([^)]*\))?/g)].reduce<string[]>(
    (urls, [parameter, name = '']) =>
      urls.flatMap((url) => (values[name] ?? []).map((value) => url.replace(parameter, value))),
    [route],
  );
}

/** Requests a page until the server is warm, and counts; a page that the caller may not open is left out. */
async function open(route: string, url: string, caller: string | null, token: string | null): Promise<void> {
  const headers = { accept: 'text/html', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  const send = () => app.http.inject({ method: 'GET', url, headers: { ...headers, ...compressed } });
  let reply = await send();
  const is_page = String(reply.headers['content-type']).startsWith('text/html');
  if (reply.statusCode < 400 && (reply.statusCode !== 200 || !is_page)) without_page.add(route);
  if (reply.statusCode !== 200 || !is_page) return;
  for (let run = 1; run < WARM_UP_COUNT; run += 1) reply = await send();
  const counts: StatementCount[] = [];
  for (let run = 0; run < RUNS_COUNT; run += 1) counts.push(await countStatements(send));
  const [least] = counts.toSorted((a, b) => a.statements.length - b.statements.length);
  assert.ok(least);
  const bytes =
    reply.rawPayload.length + (await assetBytes((await app.http.inject({ method: 'GET', url, headers })).body));
  opened.push({ route, name: `${url} as ${caller ?? 'a visitor'}`, least, bytes });
}

const compressed = { 'accept-encoding': 'br, gzip' };
const sizes = new Map<string, number>();

/** Returns the bytes of the files that a page loads, compressed as they are served. */
async function assetBytes(html: string): Promise<number> {
  const urls = new Set([...html.matchAll(/(?:src|href)="(\/static\/[^"#]+)/g)].map(([, url = '']) => url));
  let bytes = 0;
  for (const url of urls) {
    const known = sizes.get(url) ?? (await app.http.inject({ url, headers: compressed })).rawPayload.length;
    sizes.set(url, known);
    bytes += known;
  }
  return bytes;
}

function budgetOf({ route }: Opened): Budget {
  return page_exceptions[route] ?? budgets.page;
}

test('each page stays within its budget of statements for every caller who may open it', { skip }, () => {
  const above = opened.flatMap((each) => {
    const { statements_max, transactions_max } = budgetOf(each);
    const { statements, transactions_count } = each.least;
    if (statements.length <= statements_max && transactions_count <= transactions_max) return [];
    const texts = statements.map((text) => text.replaceAll(/\s+/g, ' ').slice(0, 160));
    return [
      `${each.route}, ${each.name}: ${statements.length} statements, budget ${statements_max}\n  ${texts.join('\n  ')}`,
    ];
  });
  assert.deepEqual(above, []);
});

test('each page of the site was opened by a caller, redirects, or needs a key', { skip }, () => {
  const seen = new Set(opened.map(({ route }) => route));
  assert.deepEqual(
    routes.filter((route) => !seen.has(route) && !without_page.has(route) && !with_key.test(route)),
    [],
  );
});

test('an exception names a page that needs it', { skip }, () => {
  for (const [route, { statements_max }] of Object.entries(page_exceptions)) {
    const counts = opened.filter((each) => each.route === route).map(({ least }) => least.statements.length);
    assert.ok(Math.max(0, ...counts) > budgets.page.statements_max, `${route} needs no exception`);
    assert.ok(statements_max > budgets.page.statements_max);
  }
});

test('the first visit of each page receives at most 200 kB', { skip }, (t) => {
  const largest = opened.toSorted((a, b) => b.bytes - a.bytes)[0];
  t.diagnostic(`${largest?.name}: ${largest?.bytes} bytes`);
  assert.deepEqual(
    opened
      .filter(({ route, bytes }) => bytes > (page_bytes_exceptions[route]?.bytes_max ?? PAGE_BYTES_MAX))
      .map(({ name, bytes }) => `${name}: ${bytes} bytes`),
    [],
  );
});
