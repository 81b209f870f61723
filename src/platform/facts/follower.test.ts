import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FactCache } from './fact-cache.ts';
import { Follower } from './follower.ts';
import { tag } from './tag.ts';

/** A follower of a simulated database: `tags` are the changes of the next read. */
function makeFollower({ is_alone = false } = {}) {
  const state = { now_ms: 1000, xmin: 10, server: 'first', tags: [] as string[] };
  const cache = new FactCache();
  const follower = new Follower({ cache, now_ms: () => state.now_ms, is_alone });
  const sent: unknown[] = [];
  const send = async ({ values }: { values?: unknown[] }) => {
    sent.push(values?.[0]);
    return { rows: [{ snapshot: `${state.xmin}:20:`, server: state.server, tags: state.tags }] };
  };
  const store = () => {
    cache.store('key', {}, [tag('user', 1)], cache.beginLoad());
    cache.endLoad();
  };
  const isStored = () => cache.get('key') !== undefined;
  return { state, cache, follower, send, sent, store, isStored };
}

test('facts are usable for less than a second after the begin of the last read', async () => {
  const { state, follower, send } = makeFollower();
  assert.equal(follower.isTrusted(), false);
  await follower.poll(async (query) => {
    state.now_ms += 400; // the read takes 400 ms
    return send(query);
  });
  assert.equal(follower.isTrusted(), true);
  state.now_ms += 599;
  assert.equal(follower.isTrusted(), true);
  state.now_ms += 1;
  assert.equal(follower.isTrusted(), false);
  await follower.poll(send);
  assert.equal(follower.isTrusted(), true);
});

test('the cache of the only process stays usable without reads', async () => {
  const { state, follower, send, store, isStored } = makeFollower({ is_alone: true });
  await follower.poll(send);
  store();
  state.now_ms += 1e9;
  assert.equal(follower.isTrusted(), true);
  await follower.catchUp(send);
  assert.equal(isStored(), true);
});

test('a failed read keeps the position: the next one returns the changes since then', async () => {
  const { state, follower, send, sent, store, isStored } = makeFollower();
  await follower.poll(send);
  store();
  await assert.rejects(follower.poll(async () => Promise.reject(new Error('connection lost'))));
  state.xmin = 12;
  state.tags = [tag('user', 1)];
  await follower.poll(send);
  assert.deepEqual(sent, [null, '10:20:']);
  assert.equal(isStored(), false);
});

for (const [what, change] of [
  ['the oldest transaction goes backwards (fail-over)', { xmin: 9 }],
  ['the server is another one (fail-over)', { server: 'second' }],
  ['no read succeeded for a minute', { now_ms: 62_000 }],
  ['there are more changes than one read returns', { tags: Array.from({ length: 10_001 }, () => 'session:x') }],
] as const) {
  test(`the cache is cleared when ${what}`, async () => {
    const { state, follower, send, store, isStored } = makeFollower();
    await follower.poll(send);
    store();
    await follower.poll(send);
    assert.equal(isStored(), true);
    Object.assign(state, change);
    await follower.poll(send);
    assert.equal(isStored(), false);
    assert.equal(follower.isTrusted(), true);
    store();
    state.tags = [];
    await follower.poll(send);
    assert.equal(isStored(), true, 'later values are kept');
  });
}

test('the cache is cleared at the first read after the server ended the connection', async () => {
  const { follower, send, store, isStored } = makeFollower();
  await follower.poll(send);
  store();
  follower.clearAtNextRead();
  await follower.poll(send);
  assert.equal(isStored(), false);
});

test('a write whose outcome is unknown makes facts unusable until a later read', async () => {
  const { state, follower, send } = makeFollower();
  await follower.poll(send);
  const slow = Promise.withResolvers<void>();
  const early = follower.poll(async (query) => {
    await slow.promise;
    return send(query);
  });
  state.now_ms += 10;
  follower.distrust();
  assert.equal(follower.isTrusted(), false);
  slow.resolve();
  await early;
  assert.equal(follower.isTrusted(), false, 'this read began before the write');
  state.now_ms += 10;
  await follower.poll(send);
  assert.equal(follower.isTrusted(), true);
});

test('concurrent writers share a read that has not begun, never one that runs', async () => {
  const { follower, send, sent } = makeFollower();
  await follower.poll(send);
  const gate = Promise.withResolvers<void>();
  const slowSend = async (query: { values?: unknown[] }) => {
    await gate.promise;
    return send(query);
  };
  const reads = [follower.catchUp(slowSend), follower.catchUp(slowSend), follower.catchUp(slowSend)];
  gate.resolve();
  await Promise.all(reads);
  assert.equal(sent.length, 3, 'the first position, the first write, the two others together');
});

test('an older read that ends late does not move the position back', async () => {
  const { state, follower, send, sent } = makeFollower();
  await follower.poll(send);
  const gate = Promise.withResolvers<void>();
  const late = follower.poll(async () => {
    await gate.promise;
    return { rows: [{ snapshot: '11:20:', server: 'first', tags: [] }] };
  });
  state.now_ms += 5;
  state.xmin = 15;
  await follower.catchUp(send);
  gate.resolve();
  await late;
  state.now_ms += 5;
  await follower.poll(send);
  assert.equal(sent.at(-1), '15:20:');
});
