import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { type KnownCaller, loadCaller } from './load-callers.ts';

export interface KnownCallers {
  get(ctx: Context, user_id: UserId): Promise<KnownCaller | null>;
  /** Empties the cache; called after each change by this process. */
  clear(): void;
}

/** Maximum age of cached facts: a change by another node takes effect within this time. */
const fresh_ms = 1000;
const callers_max = 10_000;

interface CacheEntry {
  readonly caller: Promise<KnownCaller | null>;
  readonly at_ms: number;
}

/** Caches caller facts for `fresh_ms`; a page with fifty images costs one query. */
export function makeKnownCallers(): KnownCallers {
  let cache = new Map<UserId, CacheEntry>();
  return {
    async get(ctx, user_id) {
      const at_ms = performance.now();
      const entry = cache.get(user_id);
      if (entry && at_ms - entry.at_ms < fresh_ms) return entry.caller;
      if (cache.size >= callers_max) cache = new Map();
      // The promise is cached before it resolves: concurrent requests load once, and `clear` also removes it.
      const current = cache;
      const caller = loadCaller(ctx, user_id);
      current.set(user_id, { caller, at_ms });
      try {
        return await caller;
      } catch (error) {
        current.delete(user_id);
        throw error;
      }
    },
    clear() {
      cache = new Map();
    },
  };
}
