import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboxEventId } from '../db/db-schema.ts';
import type { Outcome } from './lease-store.ts';
import { makeOutcomeBuffer } from './outcome-buffer.ts';

const outcomeOfId = (id: number): Outcome => ({
  id: id as OutboxEventId, // test id
  delivered_at: new Date(0),
  parked_at: null,
  next_attempt_at: null,
  occurs_at: null,
  failures_count: 0,
  error: null,
  ran_at: null,
  took_ms: null,
});

function makeTestBuffer(given: { delay_ms?: number; count_max?: number; fails?: boolean } = {}) {
  const saved: number[][] = [];
  const errors: unknown[] = [];
  const buffer = makeOutcomeBuffer({
    async save(outcomes) {
      await sleep(5);
      if (given.fails) throw new Error('unavailable');
      saved.push(outcomes.map(({ id }) => id));
    },
    onError: (error) => errors.push(error),
    delay_ms: given.delay_ms ?? 60_000,
    count_max: given.count_max ?? 100,
  });
  return { buffer, saved, errors };
}

test('a flush saves all outcomes at the same time, and the next one only what is new', async () => {
  const { buffer, saved } = makeTestBuffer();
  for (const id of [1, 2, 3]) buffer.add(outcomeOfId(id));
  const first = buffer.flush();
  buffer.add(outcomeOfId(4));
  await first;
  assert.deepEqual(saved, [[1, 2, 3]]);
  await buffer.flush();
  await buffer.flush();
  assert.deepEqual(saved, [[1, 2, 3], [4]]);
});

test('outcomes are saved without a flush when the oldest waited long enough or the buffer is full', async () => {
  const late = makeTestBuffer({ delay_ms: 20 });
  late.buffer.add(outcomeOfId(1));
  await sleep(100);
  assert.deepEqual(late.saved, [[1]]);
  const full = makeTestBuffer({ count_max: 2 });
  full.buffer.add(outcomeOfId(1));
  full.buffer.add(outcomeOfId(2));
  await sleep(50);
  assert.deepEqual(full.saved, [[1, 2]]);
});

test('outcomes that are not saved are reported and do not keep later ones from being saved', async () => {
  const given = { fails: true };
  const { buffer, saved, errors } = makeTestBuffer(given);
  buffer.add(outcomeOfId(1));
  await buffer.flush();
  assert.match(String(errors[0]), /unavailable/);
  given.fails = false;
  buffer.add(outcomeOfId(2));
  await buffer.flush();
  assert.deepEqual(saved, [[2]]);
});
