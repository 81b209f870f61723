import { defineProblems } from '#kernel/problem';

/** At most `max` attempts within any `window_s` seconds. */
export interface RateLimit {
  /** Told apart from other limits by this; also the first part of the key it counts under. */
  name: string;
  max: number;
  window_s: number;
}

/** Counts attempts per process: a limit of ten on three nodes lets at most thirty through. */
export interface Throttle {
  /**
   * Counts an attempt under `key`.
   *
   * @throws too_many_requests (429)
   */
  take(limit: RateLimit, key: string): Promise<void>;
  /** Counts an attempt and says whether it is within the limit, for what is dropped in silence. */
  allows(limit: RateLimit, key: string): Promise<boolean>;
  /** Takes the last attempt back: it succeeded, and only failures count. */
  giveBack(limit: RateLimit, key: string): Promise<void>;
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
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !ip.includes(':')) return mapped ?? ip;
  const [head = '', tail = ''] = (ip.split('%', 1)[0] ?? '').split('::');
  const first = head.split(':').filter((group) => group !== '');
  const last = tail.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  const groups = [...first, ...zeros, ...last].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** Beyond this many keys the oldest are forgotten: memory stays bounded whatever is thrown at it. */
const keys_max = 50_000;

/**
 * Makes a sliding-window throttle. `factor` multiplies every limit.
 *
 * `now_ms` is real time that never goes backwards, not the site's clock: that one can stand still.
 */
export function makeThrottle(now_ms: () => number, factor = 1): Throttle {
  const attempts = new Map<string, number[]>();

  /** Seconds until the next attempt is allowed; 0 when it was counted. */
  function attempt(limit: RateLimit, key: string): number {
    const now = now_ms();
    const full_key = `${limit.name}:${key}`;
    const recent = (attempts.get(full_key) ?? []).filter((at) => at > now - limit.window_s * 1000);
    const allowed = recent.length < limit.max * factor;
    if (allowed) recent.push(now);
    // Deleted first, so that a key in use moves to the young end of the map.
    attempts.delete(full_key);
    attempts.set(full_key, recent);
    forgetOldest();
    if (allowed) return 0;
    const oldest = recent[0] ?? now;
    return Math.max(1, Math.ceil((oldest + limit.window_s * 1000 - now) / 1000));
  }

  function forgetOldest(): void {
    for (const key of attempts.keys()) {
      if (attempts.size <= keys_max) return;
      attempts.delete(key);
    }
  }

  return {
    async take(limit, key) {
      const wait_s = attempt(limit, key);
      if (wait_s > 0) throw throttleProblems.too_many_requests({ retry_after_s: wait_s });
    },
    allows: async (limit, key) => attempt(limit, key) === 0,
    async giveBack(limit, key) {
      attempts.get(`${limit.name}:${key}`)?.pop();
    },
  };
}
