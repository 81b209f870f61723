import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NAMES_KEYWORD } from '#platform/http/schemas';
import { budgets } from '../../bench/budgets.ts';
import { countStatements } from '../../bench/statement-count.ts';
import { apiClient } from '../support/client.ts';
import { startDemoApp, type DemoApp } from '../support/start-demo-app.ts';

/** One operation with the query parameters of a list, as the published API describes it. */
interface ListOperation {
  path: string;
  search: readonly string[];
  sort: readonly string[];
  is_paged: boolean;
}

let app: DemoApp;
let lists: ListOperation[];
let call: ReturnType<typeof apiClient>;

before(async () => {
  app = await startDemoApp();
  await app.http.ready();
  lists = findLists(app.http.swagger());
  const token = await app.signIn('donny');
  assert.ok(token);
  call = apiClient(app, token);
  const note = await call('POST', '/api/contacts/donny/activities', { text: 'Called', account: null });
  assert.equal(note.status, 201, note.text);
});
after(() => app.close());

function findLists(document: unknown): ListOperation[] {
  const { paths } = document as { paths: Record<string, { get?: { parameters?: Parameter[] } }> };
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const names = (name: string) => parameterOf(get?.parameters, name)?.schema?.[NAMES_KEYWORD];
    const [search, sort] = [names('q_f'), names('o')];
    if (search === undefined || sort === undefined) return [];
    return [{ path, search, sort, is_paged: parameterOf(get?.parameters, 'page_size') !== undefined }];
  });
}

interface Parameter {
  name: string;
  in: string;
  schema?: { [NAMES_KEYWORD]?: readonly string[] };
}

function parameterOf(parameters: readonly Parameter[] | undefined, name: string): Parameter | undefined {
  return parameters?.find((each) => each.in === 'query' && each.name === name);
}

/** Objects of the sample data, by the parameter of the path that names them. */
const objects: Record<string, string> = {
  profile: 'cowork',
  user: 'donny',
  plan: 'open-space',
  coupon: 'DIS50',
  role: 'manager',
  report: 'taxes',
  subscriber: 'xia',
};

/** Parameters that a list requires. */
const required: Record<string, Record<string, string>> = {
  '/api/metrics/{profile}/entries': { series: 'payments' },
  '/api/metrics/{profile}/subscriptions': { state: 'active' },
  '/api/metrics/{profile}/federated-profiles': { state: 'invited' },
};

function urlOf(path: string, query: Record<string, string>): string {
  const named = path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => objects[name] ?? whole);
  assert.ok(!named.includes('{'), `${path}: name an object of the sample data for each parameter`);
  return `${named}?${new URLSearchParams({ ...required[path], ...query }).toString()}`;
}

async function read(path: string, query: Record<string, string>) {
  const url = urlOf(path, query);
  const reply = await call('GET', url);
  assert.equal(reply.status, 200, `${url}: ${reply.text}`);
  return reply.json<{ count: number; results: unknown[] }>();
}

test('every operation that takes a page names its search and sort fields', () => {
  const { paths } = app.http.swagger() as { paths: Record<string, { get?: { parameters?: Parameter[] } }> };
  const paged = Object.keys(paths).filter((path) => parameterOf(paths[path]?.get?.parameters, 'page'));
  const named = lists.filter(({ is_paged }) => is_paged).map(({ path }) => path);
  assert.deepEqual(named, paged);
  assert.ok(paged.length > 35, String(paged.length));
});

test('every list sorts by each of its fields in both directions and keeps all rows', async () => {
  for (const { path, sort } of lists) {
    const { count } = await read(path, {});
    for (const field of sort) {
      for (const order of [field, `-${field}`]) {
        assert.equal((await read(path, { o: order })).count, count, `${path} ${order}`);
      }
    }
  }
});

test('every list searches each of its fields and finds no row for a text that occurs nowhere', async () => {
  for (const { path, search } of lists) {
    for (const field of search) {
      assert.equal((await read(path, { q: 'no-such-text', q_f: field })).results.length, 0, `${path} ${field}`);
    }
  }
});

test('every list divides its rows into pages without a gap or a repeated row', async () => {
  for (const { path } of lists.filter(({ is_paged }) => is_paged)) {
    const { count, results } = await read(path, { page_size: '4' });
    const second = count > 4 ? (await read(path, { page_size: '4', page: '2' })).results : [];
    const whole = (await read(path, { page_size: '8' })).results;
    assert.deepEqual([...results, ...second], whole, path);
    const beyond = await call('GET', urlOf(path, { page: String(Math.max(1, Math.ceil(count / 25)) + 1) }));
    assert.equal(beyond.status, 404, `${path}: ${beyond.text}`);
  }
});

/** Statements that find the caller and the site; a server with facts in memory does not send them. */
const access_statements = /from "sessions" inner join|^\s*with held as|from "sites"/;
/** Lists whose budget is not reached yet, with their statements. */
const exceptions: Record<string, number> = {
  // The limit of searches per caller is counted in the database, and the caller's roles decide what is searched.
  '/api/accounts': 3,
  '/api/accounts/profiles': 3,
  '/api/accounts/users': 3,
  // The zone of the provider decides the bounds of the periods.
  '/api/metrics/{profile}/entries': 3,
  '/api/metrics/{profile}/lifetimevalue': 3,
  '/api/metrics/{profile}/movements': 3,
  '/api/metrics/{profile}/subscriptions': 3,
  '/api/metrics/{profile}/federated-profiles': 3,
};

test('every list takes two statements at most: its rows with their count, and what the rows show', async () => {
  const over: string[] = [];
  for (const { path } of lists) {
    await read(path, {});
    // The lowest count: the others include statements of the background.
    const counts = [];
    for (let run = 0; run < 3; run += 1) counts.push(await countStatements(() => read(path, {})));
    const [least] = counts.toSorted((x, y) => x.statements.length - y.statements.length);
    const { statements, transactions_count } = least ?? { statements: [], transactions_count: 1 };
    const own = statements.filter((text) => !access_statements.test(text));
    const allowed = exceptions[path] ?? budgets.read_list.statements_max;
    if (own.length > allowed || transactions_count > 0) over.push(`${path}: ${own.length}`);
  }
  assert.deepEqual(over, []);
});
