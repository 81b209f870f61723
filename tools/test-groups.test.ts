import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupTests } from './test-groups.ts';

const room = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `src/${name}/part/${String(index + 10)}.test.ts`);

test('every file is in one group, and the files of a room are together', () => {
  const files = [...room('billing', 9), ...room('catalog', 3), 'tools/style/style.test.ts'];
  assert.deepEqual(groupTests(files), [room('billing', 9), room('catalog', 3), ['tools/style/style.test.ts']]);
});

test('a large room is divided into equal parts', () => {
  const groups = groupTests(room('platform', 30));
  assert.deepEqual(
    groups.map(({ length }) => length),
    [10, 10, 10],
  );
  assert.deepEqual(groups.flat(), room('platform', 30));
});

test('a test that starts programs or measures the memory has a process of its own', () => {
  const separate = ['test/journeys/shutdown.test.ts', 'src/platform/facts/burst.test.ts'];
  assert.deepEqual(groupTests([...separate, ...room('billing', 2)]), [
    room('billing', 2),
    ...separate.toSorted().map((file) => [file]),
  ]);
});
