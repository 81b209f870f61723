import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboxEventId } from '../db/db-schema.ts';
import { makeLane } from './lane.ts';
import type { ClaimedRow } from './outbox-store.ts';

const rowOf = (id: number): ClaimedRow => ({
  id: id as OutboxEventId, // test id
  name: 'job:test',
  payload: {},
  created_at: new Date(0),
  attempts_count: 0,
  leased_until: new Date(1),
  schedule: null,
  occurs_at: null,
});
const rest = {
  release: () => Promise.resolve(),
  onError: (error: unknown) => assert.fail(String(error)),
  poll_ms: 1_000,
};

test('a lane that is drained while it runs in the background never exceeds its limit', async (t) => {
  let left_count = 20;
  let under_way_count = 0;
  let highest_count = 0;
  const lane = makeLane({
    ...rest,
    concurrency_max: () => 1,
    async claim() {
      await sleep(1);
      return left_count > 0 ? [rowOf((left_count -= 1))] : [];
    },
    async handle() {
      highest_count = Math.max(highest_count, (under_way_count += 1));
      await sleep(2);
      under_way_count -= 1;
    },
  });
  t.after(() => lane.stop(1_000));
  lane.start();
  await lane.drain();
  assert.deepEqual([left_count, highest_count], [0, 1]);
});

test('a drain waits for a row that the background has claimed and not started', async (t) => {
  const handled: number[] = [];
  let claims_count = 0;
  const lane = makeLane({
    ...rest,
    concurrency_max: () => 8,
    async claim() {
      claims_count += 1;
      if (claims_count > 1) return [];
      await sleep(30);
      return [rowOf(1)];
    },
    async handle({ id }) {
      await sleep(5);
      handled.push(id);
    },
  });
  t.after(() => lane.stop(1_000));
  lane.start();
  await lane.drain();
  assert.deepEqual(handled, [1]);
});
