import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUpstreamShares, type Place, type ShareHolder } from './upstream-shares.ts';

const limits = { requests_max: 8, requests_per_caller_max: 3, streams_max: 4, streams_per_caller_max: 2 };
const by = (user: string | null, network = '203.0.113.1'): ShareHolder => ({ user, network });

async function takeMany(count: number, take: () => Promise<Place | null>): Promise<(Place | null)[]> {
  return Promise.all(Array.from({ length: count }, take));
}

test('a caller that uses its whole share leaves places for other users of the same network', async () => {
  const shares = makeUpstreamShares(limits);
  const xia = await takeMany(10, () => shares.take('request', by('xia')));
  assert.equal(xia.filter((place) => place !== null).length, 3);
  assert.ok(await shares.take('request', by('kenneth')));
});

test('anonymous callers of one network have one share together, and a network has at most half of the pool', async () => {
  const shares = makeUpstreamShares(limits);
  const anonymous = await takeMany(5, () => shares.take('request', by(null)));
  assert.equal(anonymous.filter((place) => place !== null).length, 3);
  assert.ok(await shares.take('request', by('a')));
  assert.equal(await shares.take('request', by('b')), null, 'the fifth of eight on one network');
  assert.ok(await shares.take('request', by('b', '203.0.113.2')));
});

test('a full pool refuses after one second, and a released place goes to the next waiting caller', async () => {
  const shares = makeUpstreamShares({ ...limits, requests_max: 1 });
  const first = await shares.take('request', by('xia'));
  assert.ok(first);
  const started = performance.now();
  assert.equal(await shares.take('request', by('kenneth')), null);
  assert.ok(performance.now() - started < 1900);
  const waiting = shares.take('request', by('kenneth'));
  first.release();
  assert.ok(await waiting);
});

test('further releases of a place have no effect', async () => {
  const shares = makeUpstreamShares({ ...limits, requests_max: 1 });
  const first = await shares.take('request', by('xia'));
  first?.release();
  first?.release();
  assert.ok(await shares.take('request', by('xia')));
  assert.equal(await shares.take('request', by('kenneth')), null);
});

test('a request that becomes a stream releases its place if its caller has a free stream', async () => {
  const shares = makeUpstreamShares({ ...limits, requests_max: 3 });
  const places = await takeMany(3, () => shares.take('request', by('xia')));
  assert.deepEqual(
    places.map((place) => place?.becomeStream()),
    [true, true, false],
  );
  assert.equal(places[0]?.kind, 'stream');
  assert.equal(places[2]?.kind, 'request');
  assert.ok(await shares.take('request', by('xia')));
  assert.equal(await shares.take('stream', by('xia')), null, 'streams do not wait');
  places[0]?.release();
  assert.ok(await shares.take('stream', by('xia')));
});

test('many callers after each other leave every place free', () => {
  const shares = makeUpstreamShares(limits);
  for (let round = 0; round < 100; round += 1) {
    const holders = Array.from({ length: 8 }, (_, index) =>
      by(index % 2 ? null : `u${round}-${index}`, `n${round}-${index}`),
    );
    const places = holders.map((holder) => shares.takeNow('request', holder));
    assert.ok(places.every((place) => place !== null));
    assert.equal(shares.takeNow('request', by('late')), null);
    for (const place of places) place?.release();
  }
});
