import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideUse, isUsable, TRIES_MAX } from './card-use.ts';

const DAY_MS = 86_400_000;
const now = new Date('2026-03-31T00:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS);

test('S47: a card that the bank stopped is never used again, and one with 15 declined tries waits for the oldest to be 30 days old', () => {
  const free = { unusable_reason: null, unusable_until: null };
  assert.equal(isUsable(free, now), true);
  const stopped = decideUse('stop', []);
  assert.deepEqual(stopped, { unusable_reason: 'stopped', unusable_until: null });
  assert(stopped !== null && !isUsable(stopped, new Date('2099-01-01')));
  const tries = Array.from({ length: TRIES_MAX }, (_, index) => daysAgo(index * 2));
  assert.equal(decideUse('retry', tries.slice(1)), null);
  const limited = decideUse('retry', tries);
  assert.deepEqual(limited, { unusable_reason: 'tries', unusable_until: daysAgo(-2) });
  assert(limited !== null);
  assert.deepEqual(
    [isUsable(limited, new Date(daysAgo(-2).getTime() - 1)), isUsable(limited, daysAgo(-2))],
    [false, true],
  );
});
