import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

test('a browser with an address that cannot be decoded does not stop the program', async () => {
  for (const url of ['/api/%zz', '/login/%E0%A4%A/', '/%', '/static/%zz', `/api/profile/${'x'.repeat(400)}`]) {
    const reply = await app.http.inject({ url, headers: { accept: 'text/html' } });
    assert.equal(reply.statusCode, 400, url);
    assert.match(String(reply.headers['content-type']), /^text\/html/);
    assert.match(reply.body, /<h1>/);
    assert.doesNotMatch(reply.body, /%zz/);
  }
});

test('a program with such an address gets the refusal as JSON', async () => {
  const reply = await app.http.inject({ url: '/api/%zz', headers: { accept: 'application/json' } });
  assert.equal(reply.statusCode, 400);
  assert.equal(reply.json<{ code: string }>().code, 'malformed_body');
});
