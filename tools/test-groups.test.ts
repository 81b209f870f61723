import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupTests, isPure } from './test-groups.ts';

const room = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `src/${name}/part/${String(index + 10)}.test.ts`);

test('every file is in one group, and the files of a room are together', () => {
  const files = [...room('billing', 9), ...room('catalog', 5)];
  assert.deepEqual(groupTests(files), [room('billing', 9), room('catalog', 5)]);
});

test('a large room is divided into equal parts', () => {
  const groups = groupTests(room('platform', 30));
  assert.deepEqual(
    groups.map(({ length }) => length),
    [10, 10, 10],
  );
  assert.deepEqual(groups.flat(), room('platform', 30));
});

test('the files of rooms with few files are together', () => {
  const files = [...room('billing', 9), ...room('catalog', 3), 'tools/style/style.test.ts'];
  assert.deepEqual(groupTests(files), [room('billing', 9), [...room('catalog', 3), 'tools/style/style.test.ts']]);
});

test('long tests start first, in small groups', () => {
  const long = Array.from({ length: 8 }, (_, index) => `test/conformance/${index}.test.ts`);
  const files = [...room('billing', 9), 'test/journeys/shutdown.test.ts', ...long];
  assert.deepEqual(groupTests(files), [
    long.slice(0, 4),
    long.slice(4),
    ['test/journeys/shutdown.test.ts'],
    room('billing', 9),
  ]);
});

test('a test that starts programs or measures the memory has a process of its own, which starts early', () => {
  const separate = ['test/journeys/shutdown.test.ts', 'src/platform/facts/burst.test.ts'];
  assert.deepEqual(groupTests([...room('billing', 2), ...separate]), [
    ...separate.toSorted().map((file) => [file]),
    room('billing', 2),
  ]);
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
