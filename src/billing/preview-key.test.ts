import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { useMasterKey } from '#platform/security/link-keys';
import { isPreviewCurrent, isSamePreview, makePreviewKey, previewInstant, wholeSecond } from './preview-key.ts';

const at = new Date('2026-01-25T22:00:00.000Z');

before(() => useMasterKey('a master key of the tests, 32 bytes'));

test('a preview key holds its instant and depends on every fact, not on the order of members', () => {
  const key = makePreviewKey(at, { total: 7950, lines: [{ amount: 1, kind: 'period' }], at });
  assert.match(key, /^[0-9a-z]+-[0-9a-f]{40}$/);
  assert.deepEqual(previewInstant(key), at);
  assert.equal(makePreviewKey(at, { at, lines: [{ kind: 'period', amount: 1 }], total: 7950 }), key);
  assert.ok(isSamePreview(key, makePreviewKey(at, { total: 7950, lines: [{ amount: 1, kind: 'period' }], at })));
  for (const other of [
    makePreviewKey(at, { total: 7951, lines: [{ amount: 1, kind: 'period' }], at }),
    makePreviewKey(at, { total: 7950, lines: [{ amount: 1, kind: 'seats' }], at }),
    makePreviewKey(new Date(at.getTime() + 1000), { total: 7950, lines: [{ amount: 1, kind: 'period' }], at }),
  ])
    assert.ok(!isSamePreview(key, other));
});

test('a preview is confirmed within ten minutes, inclusive', () => {
  const after = (ms: number) => new Date(at.getTime() + ms);
  assert.ok(isPreviewCurrent(at, at));
  assert.ok(isPreviewCurrent(at, after(600_000)));
  assert.ok(!isPreviewCurrent(at, after(600_001)));
  assert.ok(!isPreviewCurrent(at, after(-1)));
  assert.equal(previewInstant('not a key'), null);
});

test('the instant of an operation has whole seconds', () => {
  assert.deepEqual(wholeSecond(new Date('2026-01-25T22:00:00.999Z')), at);
});
