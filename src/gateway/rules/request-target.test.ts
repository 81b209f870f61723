import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findOtherReadings, findRoutedPaths, findSpellings, findUncollapsedSegments } from './path-readings.ts';
import { parseRequestTarget, type RequestTarget } from './request-target.ts';

function read(raw: string): RequestTarget {
  const target = parseRequestTarget(raw);
  assert.ok(typeof target !== 'string', `${raw}: ${String(target)}`);
  return target;
}

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
    assert.equal(typeof parseRequestTarget(target), 'string');
  });
}

const read_as = [
  ['/', '/', []],
  ['/app/xia/', '/app/xia/', ['app', 'xia']],
  ['//app//xia', '//app//xia', ['app', 'xia']],
  ['///', '///', []],
  ['/%61pp/x%7Ey', '/%61pp/x%7Ey', ['app', 'x~y']],
  ['/a%20b/%c3%a9', '/a%20b/%c3%a9', ['a b', '\u00e9']],
  ['/App/%2F/', '/App/%2F/', ['App', '/']],
  ['/files/.well-known/a..b/...', '/files/.well-known/a..b/...', ['files', '.well-known', 'a..b', '...']],
  ['http://example.com/app/x', '/app/x', ['app', 'x']],
  ['HTTPS://example.com', '/', []],
] as const;

for (const [target, path, segments] of read_as) {
  test(`the path of ${target} is forwarded byte for byte`, () => {
    const parsed = read(target);
    assert.equal(parsed.path, path);
    assert.deepEqual(parsed.segments, segments);
  });
}

test('the query is forwarded unchanged', () => {
  const parsed = read('/app?next=//evil/../%zz&a=%2F?b');
  assert.equal(parsed.path, '/app');
  assert.equal(parsed.search, '?next=//evil/../%zz&a=%2F?b');
});

const readings: readonly (readonly [string, readonly (readonly string[])[]])[] = [
  ['/app/xia', []],
  ['/App/x.json', []],
  [
    '/app/xia/a%2Fb',
    [
      ['app', 'xia', 'a%2Fb'],
      ['app', 'xia', 'a', 'b'],
    ],
  ],
  ['/app/xia;v=1/x', [['app', 'xia', 'x']]],
  ['/%2561pp', [['%2561pp'], ['app']]],
  ['/pub/..%253b/admin', [['pub', '..%253b', 'admin'], ['admin']]],
  ['/pub/%252e%252e/admin', [['pub', '%252e%252e', 'admin'], ['admin']]],
  ['/pub/%252e%252e%252fadmin', [['admin']]],
  ['/pub/%EF%BC%8E%EF%BC%8E/admin', [['admin']]],
  ['//pub/admin', [['admin']]],
  ['/x%255cadmin', [['x', 'admin']]],
];
for (const [target, expected] of readings) {
  test(`${target} may be read as ${JSON.stringify(expected)}`, () => {
    const parsed = read(target);
    for (const list of expected) {
      assert.ok(
        parsed.readings.some((reading) => JSON.stringify(reading) === JSON.stringify(list)),
        JSON.stringify(parsed.readings),
      );
    }
    if (expected.length === 0) assert.deepEqual(parsed.readings, []);
  });
}

test('a path with empty segments can also be read with them', () => {
  assert.deepEqual(read('//app//x').uncollapsed, ['', 'app', '', 'x']);
  assert.equal(read('/app/x/').uncollapsed, null);
});

test('escapes nested beyond the limit are refused', () => {
  assert.equal(typeof parseRequestTarget(`/a%${'25'.repeat(8)}41`), 'string');
});

test('every target is parsed or refused, and the forwarded path parses to the same segments', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '/',
      '//',
      '.',
      '..',
      '%2e',
      '%2F',
      '%5C',
      ';',
      '%61',
      'app',
      '%',
      '\\',
      '%252e',
      '?',
      '*',
      '%EF%BC%8F',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parseRequestTarget(`/${pieces.join('')}`);
      if (typeof parsed === 'string') return;
      assert.deepEqual(parseRequestTarget(parsed.path + parsed.search), parsed);
      assert.ok(parsed.path.startsWith('/'));
      for (const list of [parsed.segments, ...parsed.readings]) assert.ok(!list.includes('..') && !list.includes('.'));
    }),
    { numRuns: 2000 },
  );
});

test('the longest paths are parsed within the time limit', () => {
  for (const piece of ['.a', ';a', '%2561/', '+', '. ', '%EF%BC%8E', '//', 'a/']) {
    const started = performance.now();
    const parsed = parseRequestTarget(`/x${piece.replaceAll(' ', '%20').repeat(900)}x`.slice(0, 8000));
    if (typeof parsed !== 'string') for (const segment of parsed.segments) findSpellings(segment);
    assert.ok(performance.now() - started < 300, piece);
  }
});

test('a plain path has one reading, as the functions for other paths find', () => {
  const segment = fc.stringMatching(/^[-A-Za-z0-9_~]{1,12}$/);
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), fc.constantFrom('', '/'), (segments, end) => {
      const path = `/${segments.join('/')}${end}`;
      const target = read(`${path}?a=%2F`);
      assert.deepEqual(target, {
        path,
        search: '?a=%2F',
        segments,
        readings: findOtherReadings(path, segments),
        routed: findRoutedPaths([segments]),
        uncollapsed: findUncollapsedSegments(path),
      });
    }),
  );
});
