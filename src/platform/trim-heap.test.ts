import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { trimHeap } from './trim-heap.ts';

const MB = 1024 * 1024;

function youngBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return space?.physical_space_size ?? 0;
}

test('trimming returns the pages of a grown young generation, and keeps what is in use', () => {
  const kept: number[][] = [];
  for (let index = 0; index < 400_000; index += 1) kept.push([index]);
  assert.ok(youngBytes() > 8 * MB, `the young generation did not grow: ${youngBytes()} bytes`);
  trimHeap();
  assert.ok(youngBytes() < 4 * MB, `${youngBytes()} bytes are left`);
  assert.deepEqual(kept[399_999], [399_999]);
});

test('trimming leaves no function that collects garbage in the program', () => {
  trimHeap();
  assert.equal(Reflect.get(globalThis, 'gc'), undefined);
});
