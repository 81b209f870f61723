import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../support/start-app.ts';

/** The document of the API itself: its schema is that of OpenAPI, and its text is made once. */
const others = new Set(['GET /api/openapi.json']);

let app: TestApp;
before(async () => {
  app = await startApp({ config: { mode: 'production' } });
});
after(() => app.close());

test('every route of the API declares the schema of its success, so that its serializer is compiled', () => {
  const routes = app.http.routeList.filter(
    ({ url, page, passthrough, bare }) => /^\/api(\/|$)/.test(url) && !page && !passthrough && !bare,
  );
  assert.ok(routes.length > 100);
  const without = routes
    .filter(({ response_statuses }) => !response_statuses.some((status) => status.startsWith('2')))
    .map(({ method, url }) => `${method} ${url}`)
    .filter((name) => !others.has(name));
  assert.deepEqual(without, []);
});
