import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeClassOf } from './limit-requests.ts';

test('sign-in, API, pages and forwarded requests are counted apart; development routes are not counted', () => {
  const classOf = (url: string) => routeClassOf({ url, passthrough: false });
  const cases = {
    '/api/auth': 'sign-in',
    '/api/auth/activate/:verification_key': 'sign-in',
    '/login/': 'sign-in',
    '/login/:verification_key/': 'sign-in',
    '/register/': 'sign-in',
    '/recover/': 'sign-in',
    '/api/cart': 'api',
    '/api/authors': 'api',
    '/pricing/': 'page',
    '/_dev/mail': null,
  };
  for (const [url, expected] of Object.entries(cases)) assert.equal(classOf(url), expected, url);
  assert.equal(routeClassOf({ url: '/*', passthrough: true }), 'forwarded');
});
