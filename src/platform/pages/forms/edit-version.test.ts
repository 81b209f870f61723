import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '#kernel/problem';
import { changedSince, editVersion, findEditConflict, requireSameVersion } from './edit-version.ts';

const fields = { title: 'Basic', amount: 5900, ends_at: new Date('2026-01-01T00:00:00Z'), extra: null };

test('a version names the fields that differ, apart from their order', () => {
  const version = editVersion(fields);
  assert.equal(version, editVersion(Object.fromEntries(Object.entries(fields).toReversed())));
  assert.deepEqual(changedSince(version, fields), []);
  assert.deepEqual(changedSince(version, { ...fields, amount: 6000, extra: '' }), ['amount', 'extra']);
});

test('a changed field is an edit_conflict that names it; without a version nothing is checked', () => {
  requireSameVersion(undefined, fields);
  requireSameVersion('', fields);
  requireSameVersion(editVersion(fields), fields);
  try {
    requireSameVersion(editVersion(fields), { ...fields, title: 'Premium' });
    assert.fail('not refused');
  } catch (error) {
    assert.ok(error instanceof Problem);
    assert.deepEqual([error.code, error.status], ['edit_conflict', 409]);
    assert.deepEqual(findEditConflict(error), { names: ['title'] });
  }
  assert.equal(findEditConflict(new Error('bug')), null);
});
