import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { RequestCount } from './request-count-store.ts';

/** Limits the requests of each account or network in a minute, without a statement per request. */
export interface RequestLimit {
  /** Counts a request under `key`, unless `max` were counted in this minute. A refused request is not counted. */
  count(key: string, max: number): RequestVerdict;
  /** Adds the counts of this node to those of the others; runs automatically once a second while there are any. */
  share(): Promise<void>;
  close(): void;
}

export interface RequestVerdict {
  is_allowed: boolean;
  remaining_count: number;
  /** Seconds until the minute ends, at least 1. */
  ends_in_s: number;
}

export interface RequestLimitOptions {
  /** Adds counts to the sums of all nodes and returns the sums; null for a single process. */
  addCounts: ((counts: readonly RequestCount[]) => Promise<RequestCount[]>) | null;
  /** Wall clock, equal on all nodes up to skew: they count in the same minutes. */
  now_ms: () => number;
  log: Logger;
}

interface Entry {
  minute: number;
  /** Sum of all nodes when the counts were last shared. */
  shared_count: number;
  /** Counted by this node since then. */
  unsent_count: number;
}

const SHARE_MS = 1000;
const MINUTE_MS = 60_000;
/** Bound of memory: beyond this many keys the least recently used ones are removed. */
const KEYS_MAX = 50_000;
/** Counts in one statement; of more, the highest are sent first and the others a second later. */
const SHARED_MAX = 5_000;

/**
 * Makes a limit that counts in memory and shares its counts at most once a second.
 *
 * A limit can be exceeded by the requests that each node admits in one second. While the database is unavailable, each
 * node uses its own counts.
 */
// long: one set of entries is counted, shared and closed
export function makeRequestLimit({ addCounts, now_ms, log }: RequestLimitOptions): RequestLimit {
  const entries = new LRUCache<string, Entry>({ max: KEYS_MAX });
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;

  function entryOf(key: string, minute: number): Entry {
    const current = entries.get(key);
    if (current?.minute === minute) return current;
    const entry = { minute, shared_count: 0, unsent_count: 0 };
    entries.set(key, entry);
    return entry;
  }

  function schedule(): void {
    if (addCounts === null || isClosed || timer !== null) return;
    timer = setTimeout(() => {
      void share().finally(() => {
        timer = null;
        if ([...entries.values()].some(({ unsent_count }) => unsent_count > 0)) schedule();
      });
    }, SHARE_MS);
    timer.unref();
  }

  async function share(): Promise<void> {
    if (addCounts === null) return;
    const minute = Math.floor(now_ms() / MINUTE_MS);
    const all = [...entries];
    for (const [key, entry] of all) if (entry.minute < minute) entries.delete(key);
    const sent = all
      .filter(([, entry]) => entry.minute >= minute)
      .filter(([, { unsent_count }]) => unsent_count > 0)
      .toSorted(([, a], [, b]) => b.unsent_count - a.unsent_count)
      .slice(0, SHARED_MAX)
      .map(([key, entry]) => ({ key, entry, requests_count: entry.unsent_count }));
    if (sent.length === 0) return;
    try {
      const sums = await addCounts(sent.map(({ key, requests_count }) => ({ key, minute, requests_count })));
      const sumOf = new Map(sums.map(({ key, requests_count }) => [key, requests_count]));
      for (const { key, entry, requests_count } of sent) {
        entry.shared_count = sumOf.get(key) ?? entry.shared_count + requests_count;
        entry.unsent_count -= requests_count;
      }
    } catch (error) {
      log.warn({ err: error }, 'request counts not shared with the other nodes');
    }
  }

  return {
    count(key, max) {
      const now = now_ms();
      const entry = entryOf(key, Math.floor(now / MINUTE_MS));
      const is_allowed = entry.shared_count + entry.unsent_count < max;
      if (is_allowed) entry.unsent_count += 1;
      schedule();
      return {
        is_allowed,
        remaining_count: Math.max(0, max - entry.shared_count - entry.unsent_count),
        ends_in_s: Math.max(1, Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000)),
      };
    },
    share,
    close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
