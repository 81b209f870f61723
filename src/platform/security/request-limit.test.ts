import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { RequestCount } from './request-count-store.ts';
import { makeRequestLimit } from './request-limit.ts';

const log = pino({ level: 'silent' });

/** Sums as the database keeps them, with the number of statements that were sent. */
function makeSums() {
  const sums = new Map<string, number>();
  const sent: number[] = [];
  return {
    sent,
    addCounts: async (counts: readonly RequestCount[]): Promise<RequestCount[]> => {
      sent.push(counts.length);
      return counts.map(({ key, minute, requests_count }) => {
        const id = `${minute} ${key}`;
        sums.set(id, (sums.get(id) ?? 0) + requests_count);
        return { key, minute, requests_count: sums.get(id) ?? 0 };
      });
    },
  };
}

test('the request beyond the maximum is refused until the minute ends', () => {
  let now_ms = 30_000;
  const limit = makeRequestLimit({ addCounts: null, now_ms: () => now_ms, log });
  const verdicts = [1, 2, 3, 4].map(() => limit.count('caller', 3));
  assert.deepEqual(
    verdicts.map(({ is_allowed, remaining_count }) => [is_allowed, remaining_count]),
    [
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ],
  );
  assert.equal(verdicts[3]?.ends_in_s, 30);
  now_ms = 60_000;
  assert.equal(limit.count('caller', 3).is_allowed, true);
});

test('requests of one caller do not count for another', () => {
  const limit = makeRequestLimit({ addCounts: null, now_ms: () => 0, log });
  limit.count('one', 1);
  assert.equal(limit.count('one', 1).is_allowed, false);
  assert.equal(limit.count('two', 1).is_allowed, true);
});

test('a thousand requests of two callers cost one statement, and none when nothing was counted', async () => {
  const { sent, addCounts } = makeSums();
  const limit = makeRequestLimit({ addCounts, now_ms: () => 0, log });
  for (let count = 0; count < 500; count += 1) for (const key of ['one', 'two']) limit.count(key, 1000);
  assert.deepEqual(sent, []);
  await limit.share();
  await limit.share();
  assert.deepEqual(sent, [2]);
  limit.close();
});

test('after sharing, requests to one node count on the other', async () => {
  const { addCounts } = makeSums();
  const [here, there] = [1, 2].map(() => makeRequestLimit({ addCounts, now_ms: () => 0, log }));
  assert.ok(here && there);
  for (let count = 0; count < 5; count += 1) here.count('caller', 6);
  await here.share();
  assert.equal(there.count('caller', 6).is_allowed, true);
  await there.share();
  assert.equal(there.count('caller', 6).is_allowed, false);
  // This node receives the sixth with its next count.
  here.count('caller', 6);
  await here.share();
  assert.equal(here.count('caller', 6).is_allowed, false);
  here.close();
  there.close();
});

test('refused requests are not counted and not shared', async () => {
  const { sent, addCounts } = makeSums();
  const limit = makeRequestLimit({ addCounts, now_ms: () => 0, log });
  limit.count('caller', 1);
  await limit.share();
  for (let count = 0; count < 100; count += 1) limit.count('caller', 1);
  await limit.share();
  assert.deepEqual(sent, [1]);
  limit.close();
});

test('while the database is unavailable a node uses its own counts and adds them later', async () => {
  const { sent, addCounts } = makeSums();
  let isAway = true;
  const limit = makeRequestLimit({
    addCounts: (counts) => (isAway ? Promise.reject(new Error('away')) : addCounts(counts)),
    now_ms: () => 0,
    log,
  });
  limit.count('caller', 2);
  await limit.share();
  assert.equal(limit.count('caller', 2).is_allowed, true);
  assert.equal(limit.count('caller', 2).is_allowed, false);
  isAway = false;
  await limit.share();
  assert.deepEqual(sent, [1]);
  assert.equal(limit.count('caller', 2).is_allowed, false);
  limit.close();
});

test('memory and the statement stay bounded under a flood of networks', async () => {
  const { sent, addCounts } = makeSums();
  const limit = makeRequestLimit({ addCounts, now_ms: () => 0, log });
  for (let count = 0; count < 60_000; count += 1) limit.count(`network ${count}`, 10);
  await limit.share();
  assert.deepEqual(sent, [5_000]);
  limit.close();
});
