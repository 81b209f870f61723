import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { makeReadyUser } from '../../../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';
import { tokenOf } from '../../../../test/support/sign-in.ts';
import { encodeText, encodeUri } from './header-value.ts';

let app: TestApp;
let token: string;
before(async () => {
  app = await startApp();
  token = await tokenOf(app, await makeReadyUser(app.db, { username: 'xia' }));
});
after(() => app.close());

const oddTexts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
);

test('any text becomes a header value in visible ASCII, and encoding is idempotent', () => {
  fc.assert(
    fc.property(oddTexts, (text) => {
      for (const encode of [encodeUri, encodeText]) {
        const value = encode(`${text}\ud800\r\nset-cookie: a=b`);
        assert.match(value, /^[ -~]*$/);
        assert.equal(encode(value), value);
      }
    }),
  );
});

test('an address that is already encoded stays unchanged', () => {
  assert.equal(encodeUri('/caf%C3%A9/?q=a%20b&next=%2Fx%2F#part'), '/caf%C3%A9/?q=a%20b&next=%2Fx%2F#part');
  assert.equal(encodeUri('/日本/'), '/%E6%97%A5%E6%9C%AC/');
});

const nexts = [
  '/日本/',
  '/עברית/?q=ä',
  '/a\r\nset-cookie: x=y',
  '/%0d%0aset-cookie:%20x=y',
  '/\ud800/',
  '/a\u0000b',
  '/🦆/',
  `/${'語'.repeat(700)}/`,
  `/${'a'.repeat(1900)}/`,
];
for (const path of ['/login/', '/register/', '/pricing/', '/billing/cart/', '/profile/']) {
  test(`a caller reaches ${path} with a return address in any script, and every redirect stays on the site`, async () => {
    for (const next of nexts) {
      const query = new URLSearchParams({ next: next.toWellFormed() });
      for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
        const reply = await app.http.inject({
          method: 'GET',
          url: `${path}?${query.toString()}`,
          headers: { accept: 'text/html', ...headers },
        });
        assert.ok(reply.statusCode < 500, `${next.slice(0, 30)}: ${reply.statusCode}`);
        const { location } = reply.headers;
        if (location !== undefined) assert.match(location, /^\/(?![/\\])[!-~]*$/);
        assert.ok(!JSON.stringify(reply.headers['set-cookie'] ?? '').includes('x=y'));
      }
    }
  });
}

test('a signed-in caller is redirected to a return address in another script', async () => {
  const reply = await app.http.inject({
    method: 'GET',
    url: `/login/?next=${encodeURIComponent('/日本/')}`,
    headers: { accept: 'text/html', authorization: `Bearer ${token}` },
  });
  assert.equal(reply.statusCode, 302);
  assert.equal(reply.headers.location, '/%E6%97%A5%E6%9C%AC/');
});
