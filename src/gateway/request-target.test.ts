import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRequestTarget } from './request-target.ts';

const refused = [
  ['', 'nothing'],
  ['*', 'asterisk form'],
  ['example.com:443', 'authority form'],
  ['/app/../x', 'dot segments'],
  ['/app/./x', 'a single dot'],
  ['/app/%2e%2e/x', 'escaped dots'],
  ['/app/.%2E/x', 'half-escaped dots'],
  ['/app/..;/x', 'dots that a servlet container cuts free'],
  ['/app/xia%2F..%2F..%2Fadmin', 'dots behind escaped slashes'],
  ['/app/xia%5c..%5cadmin', 'dots behind escaped back-slashes'],
  ['/app\\xia', 'a raw back-slash'],
  ['/app/%zz', 'a malformed escape'],
  ['/app/%', 'a lonely percent sign'],
  ['/app/%ff', 'an escape that is not UTF-8'],
  ['/app/%c0%af', 'an overlong slash'],
  ['/app/%00', 'an escaped NUL'],
  ['/app/%0d%0ax', 'an escaped line end'],
  ['/app/x#y', 'a fragment'],
  ['/app/\u00e9', 'raw bytes above ASCII'],
  ['/app/x y', 'a space'],
  [`/${'a'.repeat(9000)}`, 'an endless path'],
] as const;

for (const [target, why] of refused) {
  test(`a target with ${why} is refused`, () => {
    assert.equal(parseRequestTarget(target), null);
  });
}

const canonical = [
  ['/', '/', []],
  ['/app/xia/', '/app/xia/', ['app', 'xia']],
  ['//app//xia', '/app/xia', ['app', 'xia']],
  ['///', '/', []],
  ['/%61pp/x%7Ey', '/app/x~y', ['app', 'x~y']],
  ['/a%20b/%c3%a9', '/a%20b/%C3%A9', ['a b', '\u00e9']],
  ['/files/.well-known/a..b/...', '/files/.well-known/a..b/...', ['files', '.well-known', 'a..b', '...']],
  ['/a%252Fb', '/a%252Fb', ['a%2Fb']],
  ['http://example.com/app/x', '/app/x', ['app', 'x']],
  ['HTTPS://example.com', '/', []],
] as const;

for (const [target, path, segments] of canonical) {
  test(`${target} travels as ${path}`, () => {
    const parsed = parseRequestTarget(target);
    assert.equal(parsed?.path, path);
    assert.deepEqual(parsed.segments, segments);
  });
}

test('the query travels untouched', () => {
  const parsed = parseRequestTarget('/app?next=//evil/../%zz&a=%2F?b');
  assert.equal(parsed?.path, '/app');
  assert.equal(parsed.search, '?next=//evil/../%zz&a=%2F?b');
});

test('an escaped slash is data to one server and a slash to another', () => {
  const parsed = parseRequestTarget('/app/xia/a%2Fb');
  assert.deepEqual(parsed?.segments, ['app', 'xia', 'a/b']);
  assert.deepEqual(parsed.segments_loose, ['app', 'xia', 'a', 'b']);
  assert.equal(parsed.path, '/app/xia/a%2Fb');
});

test('path parameters are part of the segment to one server and cut by another', () => {
  const parsed = parseRequestTarget('/app/xia;v=1/x');
  assert.deepEqual(parsed?.segments, ['app', 'xia;v=1', 'x']);
  assert.deepEqual(parsed.segments_loose, ['app', 'xia', 'x']);
});

test('what travels reads back to the same segments, whatever was asked', () => {
  const piece = fc.oneof(
    fc.constantFrom('/', '//', '.', '..', '%2e', '%2F', '%5C', ';', '%61', 'app', '%', '\\', '%252e', '?', '*'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parseRequestTarget(`/${pieces.join('')}`);
      if (parsed === null) return;
      const again = parseRequestTarget(parsed.path + parsed.search);
      assert.deepEqual(again, parsed);
      const by_url = new URL(parsed.path, 'http://upstream.test');
      assert.equal(by_url.host, 'upstream.test');
      assert.ok(!parsed.path.includes('//'));
      assert.ok(!parsed.segments_loose.includes('..'));
    }),
    { numRuns: 2000 },
  );
});
