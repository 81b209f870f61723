import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimHeap } from '../trim-heap.ts';
import { cache_limits, FactCache } from './fact-cache.ts';
import { tag } from './tag.ts';

const SESSIONS_COUNT = 100_000;
const MB = 1024 * 1024;

/** Stores what the first request of a session stores: the session and its user with two roles. */
function storeSession(cache: FactCache, id: number): void {
  const mark = cache.beginLoad();
  const session_id = `session-${id}`.padEnd(43, 'x');
  const session = { session_id, user_id: id, username: `person-${id}`, expires_at: new Date(id), ended_at: null };
  const roles = ['personal', 'organization'].map((kind) => ({
    profile_id: id,
    slug: `${kind}-${id}`,
    type: 'manager',
  }));
  const user = { id, username: `person-${id}`, email: `person-${id}@example.com`, is_active: true, roles };
  cache.store(`session ${session_id}`, session, [tag('session', session_id), tag('user', id)], mark);
  cache.store(`caller ${id}`, user, [tag('user', id), tag('roles', id), tag('profile', id)], mark);
  cache.endLoad();
}

function heapBytes(): number {
  trimHeap();
  return process.memoryUsage().heapUsed;
}

test('a burst of 100,000 sessions stays within the limits of the cache and of the memory', () => {
  const cache = new FactCache();
  const before_bytes = heapBytes();
  for (let id = 1; id <= SESSIONS_COUNT; id += 1) storeSession(cache, id);
  const growth_bytes = heapBytes() - before_bytes;
  assert.ok(cache.entries_count <= cache_limits.entries_max, `${cache.entries_count} entries`);
  assert.ok(cache.bytes <= cache_limits.bytes_max, `${cache.bytes} bytes by estimate`);
  assert.ok(growth_bytes < 1.25 * cache_limits.bytes_max, `the heap grew by ${growth_bytes / MB} MB`);
  assert.ok(cache.get(`caller ${SESSIONS_COUNT}`), 'the last caller is cached');
});

test('a caller that keeps sending requests stays cached during a burst of other sessions', () => {
  const cache = new FactCache();
  storeSession(cache, 0);
  for (let id = 1; id <= SESSIONS_COUNT; id += 1) {
    storeSession(cache, id);
    if (id % 1000 === 0) assert.ok(cache.get('caller 0'), `removed after ${id} other sessions`);
  }
});

test('changes of every session of a burst leave no entry and no memory', () => {
  const cache = new FactCache();
  const before_bytes = heapBytes();
  for (let id = 1; id <= SESSIONS_COUNT; id += 1) storeSession(cache, id);
  for (let id = 1; id <= SESSIONS_COUNT; id += 1) cache.apply([tag('user', id)]);
  assert.equal(cache.entries_count, 0);
  assert.equal(cache.bytes, 0);
  const growth_mb = (heapBytes() - before_bytes) / MB;
  assert.ok(growth_mb < 8, `the heap grew by ${growth_mb} MB`);
});
