import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepLast } from './keep-last.ts';

test('a result is computed once for repeated arguments, and again for another one', () => {
  const computed: string[] = [];
  const upper = keepLast((text: string) => {
    computed.push(text);
    return text.toUpperCase();
  });
  assert.deepEqual([upper('a'), upper('a'), upper('b'), upper('a')], ['A', 'A', 'B', 'A']);
  assert.deepEqual(computed, ['a', 'b', 'a']);
});
