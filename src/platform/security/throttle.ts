import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { defineProblems, Problem } from '#kernel/problem';
import { type AttemptStore, type AttemptWindow, memoryAttempts } from './attempt-store.ts';

/** At most `max` attempts in a window of `window_s` seconds that begins with the first one. */
export interface RateLimit {
  /** Permanent and unique: the first part of the key that attempts are counted under. */
  readonly name: string;
  readonly max: number;
  readonly window_s: number;
  /** What is counted, for docs/reference/limits.md. */
  readonly counts: string;
  /** What has a count of its own: a network, an account, an address. */
  readonly per: string;
  /** `THROTTLE_FACTOR` does not raise the limit, because nobody acting in good faith reaches it behind any network. */
  readonly fixed?: true;
}

/** Counts attempts against limits, for all nodes together when they share a PostgreSQL. */
export interface Throttle {
  /**
   * Counts an attempt, or `count` of them at once, under `key`. Rejects when the store cannot be reached: a secret is never tried uncounted.
   *
   * @throws too_many_requests (429)
   */
  take(limit: RateLimit, key: string, count?: number): Promise<void>;
  /** Counts an attempt and returns whether it is within the limit, for what is dropped without an error. */
  allows(limit: RateLimit, key: string): Promise<boolean>;
  /**
   * Refuses when a limit is reached, without counting; one statement for all keys.
   *
   * @throws too_many_requests (429)
   */
  requireRoom(counts: readonly (readonly [RateLimit, string])[]): Promise<void>;
  /** Takes one attempt back, for limits that count failures only. */
  giveBack(limit: RateLimit, key: string): Promise<void>;
}

/**
 * Counts an attempt under every key and takes it back unless it fails with the code, so that only wrong guesses count.
 *
 * @throws too_many_requests (429), and what the attempt throws
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
    if (!isWrong) for (const [limit, key] of counts) await throttle.giveBack(limit, key);
  }
}

export const throttleProblems = defineProblems({
  too_many_requests: { status: 429, title: 'Too many attempts.', help: 'Wait a little and try again.' },
});

/**
 * The network that attempts of a caller are counted under.
 *
 * Why not the address: a subscriber of the Internet is given a /64 of IPv6, in which no limit would ever be reached.
 */
export function networkOf(ip: string | undefined): string {
  if (ip === undefined) return 'none';
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  const groups = address.parts.slice(0, 4).map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}

/** Makes a throttle that counts in this process; see `throttleOn`. */
export function makeThrottle(now_ms: () => number, factor = 1): Throttle {
  return throttleOn(memoryAttempts(now_ms), factor);
}

/** Makes a throttle on a store. `factor` multiplies every limit that is not fixed. */
export function throttleOn(store: AttemptStore, factor = 1): Throttle {
  const maxOf = (limit: RateLimit) => (limit.fixed === true ? limit.max : limit.max * factor);
  const secondsOf = ({ ends_in_ms }: AttemptWindow) => Math.max(1, Math.ceil(ends_in_ms / 1000));

  /** Seconds until the next attempt is allowed; 0 when this one is. */
  async function attempt(limit: RateLimit, key: string, count = 1): Promise<number> {
    const window = await store.addAttempts(storedKey(limit, key), limit.window_s, count);
    return window.attempts_count <= maxOf(limit) ? 0 : secondsOf(window);
  }

  return {
    async take(limit, key, count) {
      const wait_s = await attempt(limit, key, count);
      if (wait_s > 0) throw throttleProblems.too_many_requests({ retry_after_s: wait_s });
    },
    async requireRoom(counts) {
      const windows = await store.findWindows(counts.map(([limit, key]) => storedKey(limit, key)));
      for (const [limit, key] of counts) {
        const window = windows.get(storedKey(limit, key));
        if (window && window.attempts_count >= maxOf(limit))
          throw throttleProblems.too_many_requests({ retry_after_s: secondsOf(window) });
      }
    },
    allows: async (limit, key) => (await attempt(limit, key)) === 0,
    giveBack: (limit, key) => store.takeBackAttempt(storedKey(limit, key)),
  };
}

/** The key is hashed: it has a fixed length whatever was sent, and no address or name is stored. */
function storedKey(limit: RateLimit, key: string): string {
  return `${limit.name}:${createHash('sha256').update(key).digest('base64url')}`;
}
