import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textField } from './forms.ts';

test('a text field is trimmed, and cut between characters', () => {
  assert.equal(textField({ name: '  Ann ' }, 'name'), 'Ann');
  assert.equal(textField({ name: 'ab😀' }, 'name', 3), 'ab');
  assert.equal(textField({ name: ['a', 'b'] }, 'name'), '');
  assert.equal(textField(null, 'name'), '');
});
