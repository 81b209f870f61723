import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { defineProblems, Problem } from '#kernel/problem';
import { type AttemptStore, type AttemptWindow, memoryAttempts } from './attempt-store.ts';

/** Allows `max` attempts in a window of `window_s` seconds that begins with the first attempt. */
export interface RateLimit {
  /** Permanent and unique: the first part of the key of a count. */
  readonly name: string;
  readonly max: number;
  readonly window_s: number;
  /** Noun of the counted attempts, for docs/reference/limits.md. */
  readonly counts: string;
  /** Noun of the owner of one count: network, account, address. */
  readonly per: string;
  /** `THROTTLE_FACTOR` does not raise the limit: legitimate users do not reach it, even behind a shared address. */
  readonly fixed?: true;
}

/** Counts attempts against limits, for all nodes together when they share a PostgreSQL. */
export interface Throttle {
  /**
   * Counts an attempt, or `count` of them, under `key`. Rejects when the store is unavailable: no secret is tried
   * uncounted.
   *
   * @throws too_many_requests (429)
   */
  take(limit: RateLimit, key: string, count?: number): Promise<void>;
  /** Counts an attempt; true if it is within the limit. For work that is dropped without an error. */
  allows(limit: RateLimit, key: string): Promise<boolean>;
  /**
   * Counts attempts under several keys, in one statement; returns how many of each are within the limit, in the order
   * of `attempts`. A limit and key occurs once. The caller releases what it does not use.
   */
  allowsOfEach(attempts: readonly Attempts[]): Promise<number[]>;
  /**
   * Refuses when a limit is reached, without counting; one statement for all keys.
   *
   * @throws too_many_requests (429)
   */
  requireBelowLimits(counts: readonly (readonly [RateLimit, string])[]): Promise<void>;
  /** Releases one attempt, for limits that count failures only. */
  release(limit: RateLimit, key: string): Promise<void>;
  /** Releases attempts under several keys, in one statement. A limit and key occurs once. */
  releaseOfEach(attempts: readonly Attempts[]): Promise<void>;
}

/** Attempts that are counted under one key of a limit. */
export interface Attempts {
  limit: RateLimit;
  key: string;
  count: number;
}

/**
 * Counts an attempt under every key and releases it unless it fails with the code, so that only wrong guesses count.
 *
 * @throws too_many_requests (429), and any error of the attempt
 */
export async function limitGuesses<T>(
  throttle: Throttle,
  counts: readonly (readonly [RateLimit, string])[],
  wrong_code: string,
  attempt: () => Promise<T>,
): Promise<T> {
  for (const [limit, key] of counts) await throttle.take(limit, key);
  let isWrong = false;
  try {
    return await attempt();
  } catch (error) {
    isWrong = error instanceof Problem && error.code === wrong_code;
    throw error;
  } finally {
    if (!isWrong) for (const [limit, key] of counts) await throttle.release(limit, key);
  }
}

export const throttleProblems = defineProblems({
  too_many_requests: { status: 429, title: 'Too many attempts.', help: 'Wait a little and try again.' },
});

/**
 * Returns the network under which attempts of a caller are counted.
 *
 * Why not the address: an Internet connection has a /64 of IPv6, so that a limit per address would not apply.
 */
export function networkOf(ip: string | undefined): string {
  if (ip === undefined) return 'none';
  const known = networks.get(ip);
  if (known !== undefined) return known;
  if (!ipaddr.isValid(ip)) return ip;
  const network = findNetwork(ip);
  // A copy of the address: it may be a part of a long header, which would stay in memory with it.
  if (ip.length <= ip_length_max) networks.set(Buffer.from(ip, 'latin1').toString('latin1'), network);
  return network;
}

/** Networks by address: parsing costs several microseconds. */
const networks = new LRUCache<string, string>({ max: 5_000 });
/** IPv6 with a zone; longer texts are parsed each time. */
const ip_length_max = 64;

function findNetwork(ip: string): string {
  const address = ipaddr.process(ip);
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  const groups = address.parts.slice(0, 4).map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}

/** Makes a throttle that counts in this process. */
export function makeThrottle(now_ms: () => number, factor = 1): Throttle {
  return throttleOn(memoryAttempts(now_ms), factor);
}

/** Makes a throttle on a store. `factor` multiplies every limit that is not fixed. */
export function throttleOn(store: AttemptStore, factor = 1): Throttle {
  const maxOf = (limit: RateLimit) => (limit.fixed === true ? limit.max : limit.max * factor);
  const secondsOf = ({ ends_in_ms }: AttemptWindow) => Math.max(1, Math.ceil(ends_in_ms / 1000));

  /** Returns the seconds until the next attempt is allowed; 0 when this one is. */
  async function attempt(limit: RateLimit, key: string, count = 1): Promise<number> {
    const window = await store.addAttempts(storedKey(limit, key), limit.window_s, count);
    return window.attempts_count <= maxOf(limit) ? 0 : secondsOf(window);
  }

  return {
    async take(limit, key, count) {
      const wait_s = await attempt(limit, key, count);
      if (wait_s > 0) throw throttleProblems.too_many_requests({ retry_after_s: wait_s });
    },
    async requireBelowLimits(counts) {
      const windows = await store.findWindows(counts.map(([limit, key]) => storedKey(limit, key)));
      for (const [limit, key] of counts) {
        const window = windows.get(storedKey(limit, key));
        if (window && window.attempts_count >= maxOf(limit))
          throw throttleProblems.too_many_requests({ retry_after_s: secondsOf(window) });
      }
    },
    allows: async (limit, key) => (await attempt(limit, key)) === 0,
    async allowsOfEach(attempts) {
      if (attempts.length === 0) return [];
      const keyed = attempts.map(({ limit, key, count }) => ({ limit, key: storedKey(limit, key), count }));
      const windows = await store.addToEach(
        keyed.map(({ limit, key, count }) => ({ key, window_s: limit.window_s, count })),
      );
      return keyed.map(({ limit, key, count }) => {
        const above_count = (windows.get(key)?.attempts_count ?? Infinity) - maxOf(limit);
        return Math.min(count, Math.max(0, count - above_count));
      });
    },
    async releaseOfEach(attempts) {
      if (attempts.length === 0) return;
      await store.releaseFromEach(attempts.map(({ limit, key, count }) => ({ key: storedKey(limit, key), count })));
    },
    release: (limit, key) => store.releaseAttempt(storedKey(limit, key)),
  };
}

/** Hashes the key, so that it has a fixed length and no address or name is stored. */
function storedKey(limit: RateLimit, key: string): string {
  return `${limit.name}:${createHash('sha256').update(key).digest('base64url')}`;
}
