import { sql } from 'kysely';
import type pg from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import type { Tx } from '../db/database.ts';

/** Counts attempts per key in windows that begin with the first attempt. */
export interface AttemptStore {
  /** Adds attempts and returns the state of the window, these included. Atomic across nodes. */
  addAttempts(key: string, window_s: number, count: number): Promise<AttemptWindow>;
  /** Adds attempts to several windows, in one statement; returns them by key. Each key occurs once. */
  addToEach(attempts: readonly KeyAttempts[]): Promise<Map<string, AttemptWindow>>;
  /** Finds the current windows of keys; a key without attempts has none. */
  findWindows(keys: readonly string[]): Promise<Map<string, AttemptWindow>>;
  /** Releases one attempt of the current window; the count does not fall below zero. */
  releaseAttempt(key: string): Promise<void>;
  /** Releases attempts of several windows, in one statement. Each key occurs once. */
  releaseFromEach(attempts: readonly Omit<KeyAttempts, 'window_s'>[]): Promise<void>;
}

export interface KeyAttempts {
  key: string;
  window_s: number;
  count: number;
}

export interface AttemptWindow {
  attempts_count: number;
  /** Milliseconds until the window ends. */
  ends_in_ms: number;
}

/** Bound of memory: beyond this many keys the least recently used ones are removed. */
const keys_max = 50_000;

/**
 * Makes a store for one process, for the embedded database.
 *
 * `now_ms` is monotonic real time, because the site's clock can be fixed.
 */
export function memoryAttempts(now_ms: () => number): AttemptStore {
  const windows = new Map<string, { attempts_count: number; ends_at_ms: number }>();

  function forgetOldest(): void {
    for (const key of windows.keys()) {
      if (windows.size <= keys_max) return;
      windows.delete(key);
    }
  }

  const store: AttemptStore = {
    async addAttempts(key, window_s, count) {
      const now = now_ms();
      const current = windows.get(key);
      const window =
        current && current.ends_at_ms > now ? current : { attempts_count: 0, ends_at_ms: now + window_s * 1000 };
      window.attempts_count += count;
      // Deleted first, so that the map is in the order of use.
      windows.delete(key);
      windows.set(key, window);
      forgetOldest();
      return { attempts_count: window.attempts_count, ends_in_ms: window.ends_at_ms - now };
    },
    async addToEach(attempts) {
      const added = new Map<string, AttemptWindow>();
      for (const { key, window_s, count } of attempts) added.set(key, await store.addAttempts(key, window_s, count));
      return added;
    },
    async findWindows(keys) {
      const now = now_ms();
      const found = keys.flatMap((key): [string, AttemptWindow][] => {
        const window = windows.get(key);
        if (!window || window.ends_at_ms <= now) return [];
        return [[key, { attempts_count: window.attempts_count, ends_in_ms: window.ends_at_ms - now }]];
      });
      return new Map(found);
    },
    releaseAttempt: (key) => store.releaseFromEach([{ key, count: 1 }]),
    async releaseFromEach(attempts) {
      for (const { key, count } of attempts) {
        const window = windows.get(key);
        if (window && window.ends_at_ms > now_ms()) window.attempts_count = Math.max(0, window.attempts_count - count);
      }
    },
  };
  return store;
}

/** Makes a store that all nodes on one PostgreSQL share; one statement per call, on connections of its own. */
export function sharedAttempts(pool: pg.Pool): AttemptStore {
  // Each call gives points and duration; the library requires defaults.
  const limiter = new RateLimiterPostgres({
    storeClient: pool,
    storeType: 'pool',
    keyPrefix: '',
    tableName: 'rate_limits',
    tableCreated: true,
    clearExpiredByTimeout: false,
    points: 1,
    duration: 60,
  });
  const store: AttemptStore = {
    async addAttempts(key, window_s, count) {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key, count, { customDuration: window_s });
      return { attempts_count: consumedPoints, ends_in_ms: msBeforeNext };
    },
    addToEach: (attempts) => addToEach(pool, attempts),
    async findWindows(keys) {
      const { rows } = await pool.query<AttemptWindow & { key: string }>({
        name: 'rate_limits:find',
        text: `select key, points as attempts_count, (expire - extract(epoch from now()) * 1000)::bigint as ends_in_ms
          from rate_limits where key = any($1) and expire > extract(epoch from now()) * 1000`,
        values: [keys],
      });
      return new Map(rows.map(({ key, ...window }) => [key, window]));
    },
    releaseAttempt: (key) => store.releaseFromEach([{ key, count: 1 }]),
    async releaseFromEach(attempts) {
      // `reward` of the library opens a window with -1 attempts after the end of the last window.
      await pool.query({
        name: 'rate_limits:take-back',
        text: `with given as (select * from unnest($1::text[], $2::int[]) as given (key, count)),
          locked as (select key from rate_limits where key in (select key from given) order by key for update)
          update rate_limits set points = greatest(points - given.count, 0)
          from given join locked using (key)
          where rate_limits.key = given.key and expire > extract(epoch from now()) * 1000`,
        values: [attempts.map(({ key }) => key), attempts.map(({ count }) => count)],
      });
    },
  };
  return store;
}

async function addToEach(pool: pg.Pool, attempts: readonly KeyAttempts[]): Promise<Map<string, AttemptWindow>> {
  // In the order of the keys, so that two nodes lock the rows in the same order.
  const { rows } = await pool.query<AttemptWindow & { key: string }>({
    name: 'rate_limits:add',
    text: `with clock as (select (extract(epoch from now()) * 1000)::bigint as ms)
      insert into rate_limits as present (key, points, expire)
      select key, count, ms + window_s * 1000
      from clock, unnest($1::text[], $2::int[], $3::bigint[]) as given (key, count, window_s) order by key
      on conflict (key) do update set
        points = case when present.expire > (select ms from clock) then present.points else 0 end + excluded.points,
        expire = case when present.expire > (select ms from clock) then present.expire else excluded.expire end
      returning key, points as attempts_count, expire - (select ms from clock) as ends_in_ms`,
    values: [
      attempts.map(({ key }) => key),
      attempts.map(({ count }) => count),
      attempts.map(({ window_s }) => window_s),
    ],
  });
  return new Map(rows.map(({ key, ...window }) => [key, window]));
}

/** Deletes windows that have ended; by index rate_limits_expire. */
export async function deleteEndedWindows(tx: Tx, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('rate_limits')
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('rate_limits')
        .select('key')
        .where('expire', '<', sql<number>`(extract(epoch from now()) * 1000)::bigint`)
        .orderBy('expire')
        .limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
