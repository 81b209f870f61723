import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { walkRows, type WalkPlace } from './walk-rows.ts';

const rows = Array.from({ length: 250 }, (_, index) => ({ id: index + 1 }));
const findBatch = async (after: number | null, limit: number) =>
  rows.filter(({ id }) => after === null || id > after).slice(0, limit);

test('every row is worked on once, and a row that fails does not stop the rest', async () => {
  const done: number[] = [];
  const failed: number[] = [];
  await walkRows({
    findBatch,
    work: async ({ id }) => {
      if (id % 3 === 0) throw new Error('refused');
      done.push(id);
    },
    onError: ({ id }) => failed.push(id),
  });
  assert.equal(failed.length, 83);
  assert.deepEqual(
    [...done, ...failed].toSorted((a, b) => a - b),
    rows.map(({ id }) => id),
  );
});

test('a run that is out of time ends, and the next run continues where it ended', async () => {
  const place: WalkPlace<number> = { after: null };
  const seen: number[] = [];
  const walk = {
    findBatch,
    work: async ({ id }: { id: number }) => {
      seen.push(id);
      await sleep(5);
    },
    onError: (_: { id: number }, error: unknown) => assert.fail(String(error)),
  };
  await walkRows(walk, place, 20);
  assert(seen.length >= 1 && seen.length < 50, `${seen.length} rows in 20 ms`);
  for (let run = 0; place.after !== null; run += 1) {
    assert(run < 10);
    await walkRows(walk, place, 400);
  }
  assert.deepEqual(
    seen,
    rows.map(({ id }) => id),
  );
});
