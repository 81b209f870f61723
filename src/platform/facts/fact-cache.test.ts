import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FactCache } from './fact-cache.ts';
import { sizeOf } from './size-of.ts';
import { EVERYTHING, tag, type Tag } from './tag.ts';

const limits = { entries_max: 1000, bytes_max: 1_000_000, entry_bytes_max: 20_000 };

function store(cache: FactCache, key: string, tags: readonly Tag[], value: object = { key }): void {
  const mark = cache.beginLoad();
  cache.store(key, value, tags, mark);
  cache.endLoad();
}

test('a change removes every value with its tag and no other', () => {
  const cache = new FactCache(limits);
  store(cache, 'a', [tag('user', 1), tag('session', 'x')]);
  store(cache, 'b', [tag('user', 1), tag('session', 'y')]);
  store(cache, 'c', [tag('user', 11), tag('session', 'z')]);
  cache.apply([tag('session', 'y')]);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key) !== undefined),
    [true, false, true],
  );
  cache.apply([tag('user', 1)]);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key) !== undefined),
    [false, false, true],
  );
  cache.apply([EVERYTHING]);
  assert.equal(cache.get('c'), undefined);
});

test('a value that is replaced follows its new tags', () => {
  const cache = new FactCache(limits);
  store(cache, 'a', [tag('user', 1)]);
  store(cache, 'a', [tag('user', 2)]);
  cache.apply([tag('user', 1)]);
  assert.ok(cache.get('a'));
  cache.apply([tag('user', 2)]);
  assert.equal(cache.get('a'), undefined);
});

test('a load that began before a change of its tags is not stored', () => {
  const cache = new FactCache(limits);
  const early = cache.beginLoad();
  cache.apply([tag('user', 1)]);
  const late = cache.beginLoad();
  cache.store('early', {}, [tag('roles', 1), tag('user', 1)], early);
  cache.store('unrelated', {}, [tag('user', 2)], early);
  cache.store('late', {}, [tag('user', 1)], late);
  cache.endLoad();
  cache.endLoad();
  assert.equal(cache.get('early'), undefined);
  assert.ok(cache.get('unrelated'));
  assert.ok(cache.get('late'));
});

test('a load that began before the cache was cleared, or before very many changes, is not stored', () => {
  const cache = new FactCache(limits);
  const first = cache.beginLoad();
  cache.clear();
  cache.store('first', {}, [tag('user', 1)], first);
  const second = cache.beginLoad();
  cache.apply(Array.from({ length: 20_000 }, (_, index) => tag('session', index)));
  cache.store('second', {}, [tag('user', 1)], second);
  assert.equal(cache.get('first'), undefined);
  assert.equal(cache.get('second'), undefined);
});

test('entries and bytes stay below their limits, and a value above the limit of an entry is not stored', () => {
  const cache = new FactCache(limits);
  for (let index = 0; index < 100_000; index += 1)
    store(cache, `key ${index}`, [tag('user', index), tag('session', `s${index}`)], { text: 'x'.repeat(index % 700) });
  assert.ok(cache.entries_count <= limits.entries_max);
  assert.ok(cache.bytes <= limits.bytes_max);
  assert.ok(cache.get('key 99999'));
  assert.equal(cache.get('key 0'), undefined);
  store(cache, 'large', [tag('user', 1)], { text: 'x'.repeat(limits.entry_bytes_max) });
  assert.equal(cache.get('large'), undefined);
  const many = Array.from({ length: 10_000 }, (_, index) => tag('profile', index));
  store(cache, 'many tags', many);
  assert.equal(cache.get('many tags'), undefined);
});

test('the size of a value grows with everything in it', () => {
  assert.ok(sizeOf('x'.repeat(1000)) > 1000);
  assert.ok(sizeOf([{ text: 'x'.repeat(500) }, new Map([['k', 'x'.repeat(500)]])]) > 1000);
  assert.ok(sizeOf(Array.from({ length: 1000 }, () => ({ id: 1, at: new Date() }))) > 40_000);
  assert.ok(sizeOf({ a: 1, b: null, c: undefined }) < 200);
});
