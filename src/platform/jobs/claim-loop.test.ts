import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboxEventId } from '../db/db-schema.ts';
import { makeClaimLoop } from './claim-loop.ts';
import { makeEventLane } from './event-lane.ts';
import { makeJobLane } from './job-lane.ts';
import type { ClaimedRow } from './lease-store.ts';
import type { Kind } from './outbox-store.ts';

const rowOf = (id: number, name = 'job:test'): ClaimedRow => ({
  id: id as OutboxEventId, // test id
  name,
  payload: {},
  created_at: new Date(0),
  attempts_count: 0,
  leased_until: new Date(1),
  schedule: null,
  occurs_at: null,
});
const onError = (error: unknown) => assert.fail(String(error));

interface Given {
  /** Returns the rows that are due. */
  claim(
    counts: Record<Kind, number>,
  ): Promise<Partial<Record<Kind, ClaimedRow[]>>> | Partial<Record<Kind, ClaimedRow[]>>;
  deliver?(rows: readonly ClaimedRow[]): Promise<void>;
  handle?(row: ClaimedRow): Promise<void>;
  release?(rows: readonly ClaimedRow[]): Promise<void>;
  isSequential?: () => boolean;
  pause_ms?: number;
}

function makeTestLoop(given: Given) {
  const common = {
    release: given.release ?? (() => Promise.resolve()),
    flush: () => Promise.resolve(),
    onError,
  };
  const deliver = async (rows: readonly ClaimedRow[], isHalted: () => boolean) => {
    if (isHalted()) return [...rows];
    await given.deliver?.(rows);
    return [];
  };
  const event = makeEventLane({ ...common, deliver, onRoom: () => loop.onRoom('event') });
  const job = makeJobLane({
    ...common,
    handle: given.handle ?? (() => Promise.resolve()),
    isSequential: given.isSequential ?? (() => false),
    onRoom: () => loop.onRoom('job'),
  });
  const loop = makeClaimLoop({
    lanes: { event, job },
    claim: async (counts) => ({ event: [], job: [], ...(await given.claim(counts)) }),
    onError,
    // A poll in a test of nudges would be a claim more; a process of a loaded machine may stop for a second.
    poll_ms: 60_000,
    nudge_ms: 20,
    pause_ms: given.pause_ms ?? 0,
  });
  return loop;
}

test('nudges that follow each other cause one claim, and none follows when no row is due', async (t) => {
  let claims_count = 0;
  const loop = makeTestLoop({
    claim() {
      claims_count += 1;
      return {};
    },
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await sleep(50);
  assert.equal(claims_count, 1, 'the claim of the start');
  for (let count = 0; count < 100; count += 1) loop.nudge();
  await sleep(200);
  assert.equal(claims_count, 2);
});

test('nudges after a claim that found rows wait for the pause, so that the next batch is larger', async (t) => {
  const claimed_at_ms: number[] = [];
  const loop = makeTestLoop({
    pause_ms: 150,
    claim() {
      claimed_at_ms.push(performance.now());
      return { event: [rowOf(claimed_at_ms.length, 'order_executed')] };
    },
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  for (let count = 0; count < 20; count += 1) {
    loop.nudge();
    await sleep(10);
  }
  const [first = 0, second = 0] = claimed_at_ms;
  // Timers may fire a millisecond early.
  assert.ok(second - first >= 149, `the claims are ${second - first} ms apart`);
  assert.ok(claimed_at_ms.length <= 3, `${claimed_at_ms.length} claims`);
});

test('the next claim waits for the batch of events under way', async (t) => {
  const { promise: delivered, resolve } = Promise.withResolvers<void>();
  let claims_count = 0;
  const loop = makeTestLoop({
    claim: () => ((claims_count += 1) === 1 ? { event: [rowOf(1, 'order_executed')] } : {}),
    deliver: () => delivered,
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await sleep(30);
  loop.nudge();
  await sleep(100);
  assert.equal(claims_count, 1);
  resolve();
  await sleep(100);
  assert.equal(claims_count, 2);
});

test('a batch of events that takes long delays neither jobs nor the next batch for more than a second', async (t) => {
  const { promise: delivered, resolve } = Promise.withResolvers<void>();
  const asked: Record<Kind, number>[] = [];
  const loop = makeTestLoop({
    claim(counts) {
      asked.push(counts);
      return asked.length === 1 ? { event: [rowOf(1, 'order_executed')] } : {};
    },
    deliver: () => delivered,
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await sleep(30);
  loop.nudge();
  await sleep(1_200);
  assert.deepEqual(asked[1], { event: 100, job: 100 });
  resolve();
});

test('a backlog is claimed without waiting for the poll', async (t) => {
  let left_count = 350;
  const handled: number[] = [];
  const loop = makeTestLoop({
    claim({ event }) {
      const count = Math.min(event, left_count);
      left_count -= count;
      return { event: Array.from({ length: count }, (_, index) => rowOf(left_count + index, 'order_executed')) };
    },
    deliver: async (rows) => void handled.push(rows.length),
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await sleep(200);
  assert.deepEqual(handled, [100, 100, 100, 50]);
});

test('a lane that is drained while the loop runs in the background never exceeds its limit', async (t) => {
  let left_count = 20;
  let under_way_count = 0;
  let highest_count = 0;
  const loop = makeTestLoop({
    isSequential: () => true,
    async claim({ job }) {
      await sleep(1);
      return job > 0 && left_count > 0 ? { job: [rowOf((left_count -= 1))] } : {};
    },
    async handle() {
      highest_count = Math.max(highest_count, (under_way_count += 1));
      await sleep(2);
      under_way_count -= 1;
    },
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await loop.drain(['event', 'job']);
  assert.deepEqual([left_count, highest_count], [0, 1]);
});

test('a drain waits for a row that the background has claimed and not started', async (t) => {
  const handled: number[] = [];
  let claims_count = 0;
  const loop = makeTestLoop({
    async claim() {
      claims_count += 1;
      if (claims_count > 1) return {};
      await sleep(30);
      return { job: [rowOf(1)] };
    },
    async handle({ id }) {
      await sleep(5);
      handled.push(id);
    },
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await loop.drain(['event', 'job']);
  assert.deepEqual(handled, [1]);
});

test('jobs that wait behind long ones are released after a second, and eight run meanwhile', async (t) => {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const asked: Record<Kind, number>[] = [];
  let released: readonly ClaimedRow[] = [];
  let started_count = 0;
  const loop = makeTestLoop({
    claim(counts) {
      asked.push(counts);
      return asked.length === 1 ? { job: Array.from({ length: 20 }, (_, index) => rowOf(index)) } : {};
    },
    async handle() {
      started_count += 1;
      await finished;
    },
    release: async (rows) => void (released = rows),
  });
  t.after(() => loop.stop(1_000));
  loop.start();
  await sleep(1_200);
  assert.equal(started_count, 8);
  assert.deepEqual(
    released.map(({ id }) => id),
    Array.from({ length: 12 }, (_, index) => index + 8),
  );
  loop.nudge();
  await sleep(100);
  assert.deepEqual(asked.at(-1), { event: 100, job: 0 }, 'events are claimed while every place of jobs is taken');
  resolve();
});

test('a stop releases the rows that wait and waits for those under way', async () => {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const released: number[] = [];
  const loop = makeTestLoop({
    claim: () => ({ job: Array.from({ length: 10 }, (_, index) => rowOf(index)) }),
    handle: () => finished,
    release: async (rows) => void released.push(...rows.map(({ id }) => id)),
  });
  loop.start();
  await sleep(30);
  let is_stopped = false;
  const stopped = loop.stop(10_000).then(() => (is_stopped = true));
  await sleep(50);
  assert.deepEqual([released, is_stopped], [[8, 9], false]);
  resolve();
  await stopped;
});
