import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const pageTypes = () => app.tollgate.rooms.flatMap(({ page_types = [] }) => page_types);

test('every sample of every page fits the schema of the page', () => {
  for (const { template, samples, check } of pageTypes()) {
    for (const [state, sample] of Object.entries(samples)) {
      assert.doesNotThrow(() => check(sample), `${template}, ${state}`);
    }
  }
});

test('the gallery links to every sample and shows it', async () => {
  const list = await app.http.inject({ method: 'GET', url: '/_dev/gallery/' });
  assert.equal(list.statusCode, 200);
  const links = [...list.body.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
  const count = pageTypes().reduce((sum, { samples }) => sum + Object.keys(samples).length, 0);
  assert.equal(links.length, count);
  for (const url of links) {
    const page = await app.http.inject({ method: 'GET', url, headers: { accept: 'text/html' } });
    assert.equal(page.statusCode, 200, url);
    assert.match(page.body, /^<!doctype html>/, url);
  }
  const missing = await app.http.inject({ method: 'GET', url: '/_dev/gallery/billing-saas-billing-cart/unknown/' });
  assert.equal(missing.statusCode, 404);
});
