import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { apiClient } from '../support/client.ts';
import { registerBrokerManager, registerProvider } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

// Bad input of every operation of reports: a refusal with the status 400 that names the parameter.

type Call = ReturnType<typeof apiClient>;
interface Operation {
  url: string;
  call: Call;
  parameters: ReadonlySet<string>;
  /** Query without which the operation is refused. */
  needs: string;
}

let app: TestApp;
const operations: Operation[] = [];

/** Parameters that a list of rows requires. */
const needs: Readonly<Record<string, string>> = {
  '/api/metrics/{profile}/entries': 'series=income&',
  '/api/metrics/{profile}/subscriptions': 'state=active&',
  '/api/metrics/{profile}/federated-profiles': 'state=invited&',
};

interface Document {
  paths: Record<string, { get?: { parameters?: { name: string; in: string }[] } }>;
}

before(async () => {
  app = await startApp();
  const broker = await registerBrokerManager(app, 'operator');
  const { call } = await registerProvider(app, 'club-manager', 'club');
  const document = JSON.parse(await readFile('docs/reference/openapi.json', 'utf8')) as Document; // generated
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (!path.startsWith('/api/metrics/') || !get || path.includes('{rank}')) continue;
    const url = path.replace('{profile}', 'club').replace('{report}', 'taxes').replace('{coupon}', 'SAVE');
    const parameters = new Set(get.parameters?.filter((each) => each.in === 'query').map(({ name }) => name));
    operations.push({ url, parameters, needs: needs[path] ?? '', call: path.includes('{profile}') ? call : broker });
  }
});
after(() => app.close());

/** Queries with the parameter that the refusal names. */
const refused: readonly [query: string, field: string][] = [
  ['period_type=fortnightly', 'period_type'],
  ['period_type=Monthly', 'period_type'],
  ['nb_periods=0', 'nb_periods'],
  ['nb_periods=101', 'nb_periods'],
  ['nb_periods=-3', 'nb_periods'],
  ['nb_periods=3.5', 'nb_periods'],
  ['nb_periods=many', 'nb_periods'],
  ['ends_at=yesterday', 'ends_at'],
  ['ends_at=2026-02-30', 'ends_at'],
  ['ends_at=2026-13-01T00:00:00Z', 'ends_at'],
  ['start_at=2026-02-29', 'start_at'],
  ['start_at=2026-03-02&ends_at=2026-03-01', 'start_at'],
  ['timezone=Mars/Olympus', 'timezone'],
  ['timezone=Europe/', 'timezone'],
  ['unit=USD', 'unit'],
  ['unit=dollars', 'unit'],
  ['series=incomes', 'series'],
  ['state=gone', 'state'],
  ['kind=new,old', 'kind'],
  ['pauses=with', 'pauses'],
  ['before_at=soon', 'before_at'],
  ['cohort_start_at=2026-01-01', 'cohort_ends_at'],
  ['cohort_ends_at=2026-01-01', 'cohort_start_at'],
  ['cohort_start_at=2026-02-01&cohort_ends_at=2026-01-01', 'cohort_start_at'],
];

for (const [query, field] of refused)
  test(`${query} is refused by every report that has the parameter, and the refusal names it`, async () => {
    const names = [...new URLSearchParams(query).keys()];
    const asked = operations.filter(({ parameters }) => names.every((name) => parameters.has(name)));
    assert.ok(asked.length > 0, 'no operation has the parameters');
    for (const { url, call, needs: required } of asked) {
      const own = [...new URLSearchParams(required).keys()].includes(field) ? '' : required;
      const reply = await call('GET', `${url}?${own}${query}`);
      assert.equal(reply.status, 400, `${url}?${own}${query}: ${reply.text}`);
      const body = reply.json<Record<string, unknown>>();
      assert.ok(Array.isArray(body[field]) && body[field].length > 0, `${url}?${query}: ${reply.text}`);
    }
  });

test('every report has its parameters documented, and is asked', () => {
  assert.ok(operations.length >= 22, String(operations.length));
  const timed = operations.filter(({ parameters }) => parameters.has('ends_at'));
  assert.ok(timed.length >= 18, String(timed.length));
});
