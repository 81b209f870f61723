import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { type KnownCaller, loadCaller } from './load-callers.ts';

export interface KnownCallers {
  get(ctx: Context, user_id: UserId): Promise<KnownCaller | null>;
  /** What is known may be wrong from now on: this process has changed something. */
  forget(): void;
}

/**
 * How long another node's change may go unnoticed. A change made by this process is noticed at once: `forget`.
 */
const fresh_ms = 1000;
const callers_max = 10_000;

interface Held {
  readonly known: Promise<KnownCaller | null>;
  readonly at_ms: number;
}

/** Keeps what is known of the callers for a moment, so that a page with fifty pictures costs one look at the database. */
export function makeKnownCallers(): KnownCallers {
  let held = new Map<UserId, Held>();
  return {
    async get(ctx, user_id) {
      const at_ms = performance.now();
      const entry = held.get(user_id);
      if (entry && at_ms - entry.at_ms < fresh_ms) return entry.known;
      if (held.size >= callers_max) held = new Map();
      // Put in before it is read: requests that come together read once, and `forget` takes away what is being read.
      const current = held;
      const known = loadCaller(ctx, user_id);
      current.set(user_id, { known, at_ms });
      try {
        return await known;
      } catch (error) {
        current.delete(user_id);
        throw error;
      }
    },
    forget() {
      held = new Map();
    },
  };
}
