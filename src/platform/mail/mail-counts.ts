import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempts, RateLimit, Throttle } from '../security/throttle.ts';

/** Number of attempts of a limit under a key. */
type Counted = readonly [RateLimit, string];

/** Counts of a batch of messages: counted together, then given to the messages in their order. */
export interface MailCounts {
  /** Takes one count of each; returns the first limit that is reached, and takes none then, or null. */
  take(counts: readonly Counted[]): RateLimit | null;
  /** Releases what no message took; one statement, or none when all was taken. */
  releaseUnused(): Promise<void>;
}

interface Count {
  limit: RateLimit;
  key: string;
  /** Number that was counted. */
  count: number;
  /** Number within the limit that no message has taken. */
  left_count: number;
  taken_count: number;
}

/** Counts each occurrence of a limit and key, in one statement for all nodes. */
export async function countMails(throttle: Throttle, wanted: readonly Counted[]): Promise<MailCounts> {
  const counts = new Map<string, Count>();
  for (const { limit, key, count } of sumOf(wanted))
    counts.set(nameOf([limit, key]), { limit, key, count, left_count: 0, taken_count: 0 });
  const allowed = await throttle.allowsOfEach([...counts.values()]);
  [...counts.values()].forEach((count, index) => {
    count.left_count = allowed[index] ?? 0;
  });
  return {
    take(some) {
      const found = some.map((counted) => {
        const count = counts.get(nameOf(counted));
        assert(count, 'every limit of a message was counted');
        return count;
      });
      const reached = found.find(({ left_count }) => left_count === 0);
      if (reached) return reached.limit;
      for (const count of found) {
        count.left_count -= 1;
        count.taken_count += 1;
      }
      return null;
    },
    async releaseUnused() {
      const unused = [...counts.values()].map((each) => ({ ...each, count: each.count - each.taken_count }));
      await throttle.releaseOfEach(unused.filter(({ count }) => count > 0));
    },
  };
}

/** Messages that fail within this time release their counts in one statement. */
const SHARED_RELEASE_MS = 20;

/** Makes the function that releases the counts of a message that was not sent. */
export function makeReleaseCounts(throttle: Throttle): (counts: readonly Counted[]) => Promise<void> {
  let waiting: Counted[] = [];
  let release: Promise<void> | null = null;
  return async (counts) => {
    if (counts.length === 0) return;
    waiting.push(...counts);
    release ??= sleep(SHARED_RELEASE_MS).then(() => {
      const released = sumOf(waiting);
      waiting = [];
      release = null;
      return throttle.releaseOfEach(released);
    });
    await release;
  };
}

function sumOf(counts: readonly Counted[]): Attempts[] {
  const same = Map.groupBy(counts, nameOf);
  return [...same.values()].flatMap((each) =>
    each.slice(0, 1).map(([limit, key]) => ({ limit, key, count: each.length })),
  );
}

function nameOf([limit, key]: Counted): string {
  return `${limit.name} ${key}`;
}
