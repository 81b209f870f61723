import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EMBEDDED, findLeftOut, groupTests, isPure, LONG_ON_SERVER } from './test-groups.ts';

const room = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `src/${name}/part/${String(index + 10)}.test.ts`);

test('every file is in one group, and the files of a room are together', () => {
  const files = [...room('billing', 14), ...room('catalog', 12)];
  assert.deepEqual(groupTests(files), [room('billing', 14), room('catalog', 12)]);
});

test('a large room is divided into equal parts', () => {
  const groups = groupTests(room('platform', 90));
  assert.deepEqual(
    groups.map(({ length }) => length),
    [30, 30, 30],
  );
  assert.deepEqual(groups.flat(), room('platform', 90));
});

test('the files of rooms with few files are together', () => {
  const files = [...room('billing', 12), ...room('catalog', 3), 'tools/style/style.test.ts'];
  assert.deepEqual(groupTests(files), [room('billing', 12), [...room('catalog', 3), 'tools/style/style.test.ts']]);
});

test('long tests start first, in small groups', () => {
  const long = Array.from({ length: 12 }, (_, index) => `test/conformance/${String(index + 10)}.test.ts`);
  const files = [...room('billing', 12), 'test/journeys/shutdown.test.ts', ...long];
  assert.deepEqual(groupTests(files), [
    long.slice(0, 6),
    long.slice(6),
    ['test/journeys/shutdown.test.ts'],
    room('billing', 12),
  ]);
});

test('a test that measures the memory has a process of its own, which starts early', () => {
  const separate = ['test/conformance/floods.test.ts', 'src/platform/facts/burst.test.ts'];
  assert.deepEqual(groupTests([...room('billing', 2), ...separate]), [
    ...separate.toSorted().map((file) => [file]),
    room('billing', 2),
  ]);
});

test('a file is left out of a run only when another run covers it', () => {
  const files = [
    'src/catalog/coupon.test.ts',
    'src/catalog/coupon.db.test.ts',
    'test/journeys/shutdown.test.ts',
    'test/conformance/page-forms.test.ts',
    'test/conformance/authorization.test.ts',
  ];
  const leftOut = (on_server: boolean, server_follows: boolean) =>
    [...findLeftOut(files, { on_server, server_follows }).keys()].map((file) => files.indexOf(file));
  assert.deepEqual(leftOut(false, false), []);
  assert.deepEqual(leftOut(true, false), [0, 2]);
  assert.deepEqual(leftOut(false, true), [3]);
});

test('what the lists name exists, and the tests of the embedded database do not use the server', () => {
  const all = globSync(['src/**/*.test.ts', 'test/**/*.test.ts']);
  for (const path of [...EMBEDDED, ...LONG_ON_SERVER])
    assert.ok(
      all.some((file) => file.startsWith(path)),
      path,
    );
  for (const path of EMBEDDED)
    assert.doesNotMatch(
      readFileSync(path, 'utf8'),
      /TEST_DATABASE_URL|start-app|start-demo-app|openTestDatabase/,
      path,
    );
});

test('a module that several tests share registers no hooks of its own, which would belong to the first of them', () => {
  const shared = globSync(['src/**/*.ts', 'test/**/*.ts']).filter((file) => !file.endsWith('.test.ts'));
  const own = shared.filter((file) => /^(?:before|after)(?:Each)?\(/m.test(readFileSync(file, 'utf8')));
  // Of one test file, which has a process of its own.
  assert.deepEqual(own, ['test/gateway/site.ts']);
});

test('a test next to the code is pure unless its name says that it opens a database', () => {
  const files = [
    'src/catalog/coupon.test.ts',
    'ui/search.test.ts',
    'tools/style/style.test.ts',
    'src/catalog/coupon.db.test.ts',
    'test/support/changes.test.ts',
    'test/conformance/fuzz.test.ts',
  ];
  assert.deepEqual(files.filter(isPure), files.slice(0, 3));
});
