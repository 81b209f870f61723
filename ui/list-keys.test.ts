import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movedRow, shownKey } from './list-keys.ts';

const plain = { altKey: false, ctrlKey: false, metaKey: false, defaultPrevented: false };

test('keys of a list act outside of fields and without Alt, Control and Meta', () => {
  for (const key of ['/', '?', 'j', 'k']) {
    assert.equal(shownKey({ ...plain, key }, false), key);
    assert.equal(shownKey({ ...plain, key }, true), null);
    assert.equal(shownKey({ ...plain, key, ctrlKey: true }, false), null);
    assert.equal(shownKey({ ...plain, key, defaultPrevented: true }, false), null);
  }
  assert.equal(shownKey({ ...plain, key: 'Enter' }, false), null);
});

test('j and k move by one row and stop at both ends', () => {
  assert.deepEqual([movedRow(-1, 3, 'j'), movedRow(0, 3, 'j'), movedRow(2, 3, 'j')], [0, 1, 2]);
  assert.deepEqual([movedRow(-1, 3, 'k'), movedRow(2, 3, 'k'), movedRow(0, 3, 'k')], [2, 1, 0]);
});
