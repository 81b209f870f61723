import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useMasterKey } from './link-keys.ts';
import { isKeyOfPreview, isPreviewExpired, makePreviewKey, previewInstant } from './preview-key.ts';

useMasterKey('a master key of thirty-two characters');
const at = new Date('2026-01-25T22:00:00Z');
const facts = { total: 7950, lines: [{ kind: 'period', amount: 12_450 }], to: { slug: 'pro', title: 'Pro' } };

test('a preview key names its instant and confirms what was shown, in any order of the members', () => {
  const key = makePreviewKey(at, facts);
  assert.match(key, /^[0-9a-z]{8}-[0-9a-f]{40}$/);
  assert.equal(key.split('-')[0], at.getTime().toString(36));
  assert.deepEqual(previewInstant(key), at);
  const { total, lines, to } = facts;
  assert(isKeyOfPreview(key, at, { to: { title: to.title, slug: to.slug }, lines, total }));
});

test('a preview key confirms no other facts, no other instant, and no altered code', () => {
  const key = makePreviewKey(at, facts);
  assert(!isKeyOfPreview(key, at, { ...facts, total: 7951 }));
  assert(!isKeyOfPreview(key, at, { ...facts, lines: [] }));
  assert(!isKeyOfPreview(key, new Date(at.getTime() + 1), facts));
  assert(!isKeyOfPreview(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, at, facts));
});

test('a key of another master key confirms nothing', () => {
  const key = makePreviewKey(at, facts);
  useMasterKey('another master key of thirty-two chars');
  assert(!isKeyOfPreview(key, at, facts));
  useMasterKey('a master key of thirty-two characters');
});

test('a text of another shape is no preview key', () => {
  for (const text of ['', 'abc', `${'z'.repeat(10)}-${'0'.repeat(40)}`, `mk-${'0'.repeat(39)}`, `mk-${'g'.repeat(40)}`])
    assert.equal(previewInstant(text), null, text);
});

test('a preview is valid for ten minutes (inclusive), and not before it was made', () => {
  assert(!isPreviewExpired(at, at));
  assert(!isPreviewExpired(at, new Date(at.getTime() + 600_000)));
  assert(isPreviewExpired(at, new Date(at.getTime() + 600_001)));
  assert(isPreviewExpired(at, new Date(at.getTime() - 1)));
});
