import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draggedIndex, rowKey } from './row-order.ts';

const middles = [10, 30, 50, 70];

test('a dragged row passes another when the pointer passes its middle', () => {
  assert.equal(draggedIndex(middles, 1, 32), 1);
  assert.equal(draggedIndex(middles, 1, 49), 1);
  assert.equal(draggedIndex(middles, 1, 51), 2);
  assert.equal(draggedIndex(middles, 1, 9), 0);
});

test('a row that is dragged beyond an end of the list stays at that end', () => {
  assert.equal(draggedIndex(middles, 2, -500), 0);
  assert.equal(draggedIndex(middles, 2, 5000), 3);
});

test('arrows and Escape belong to the page until a row is grabbed', () => {
  assert.equal(rowKey('ArrowDown', false), null);
  assert.equal(rowKey('Escape', false), null);
  assert.equal(rowKey(' ', false), 'grab');
  assert.equal(rowKey('ArrowDown', true), 'down');
  assert.equal(rowKey(' ', true), 'drop');
  assert.equal(rowKey('Escape', true), 'cancel');
  assert.equal(rowKey('Tab', true), null);
});
