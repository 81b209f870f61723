import type pg from 'pg';
import { CHANGES_MAX, changesPolled, changesSince, type ChangesRead, parseChanges } from './changes-store.ts';
import type { FactCache } from './fact-cache.ts';

/** Sends one statement on a connection to the database. */
export type Send = (query: pg.QueryConfig) => Promise<unknown>;

export interface FollowerOptions {
  cache: FactCache;
  /** Monotonic clock. Units: ms. */
  now_ms: () => number;
  /** True if no other process can write: the cache is then current after each write of this process. */
  is_alone: boolean;
}

/** Maximum age of the last read of the changes with which facts are used. Units: ms. */
export const TRUST_MS = 1_000;
/** Time without a read after which everything is read again: well below the hour for which changes are kept. */
const CLEAR_MS = 60_000;

/** The cache contains no change that is older than this read. */
interface Position extends Pick<ChangesRead, 'snapshot' | 'server'> {
  began_ms: number;
}

/**
 * Reads the changes of facts and removes what they concern from the cache.
 *
 * A read returns the changes since the position at its begin. Several reads may run concurrently on different
 * connections: each is complete since its own position, and a change that is applied twice removes its values twice.
 * @see docs/decisions/0052-facts-in-memory.md
 */
export class Follower {
  readonly #options: FollowerOptions;
  #position: Position | null = null;
  /** Reads that began earlier do not make facts usable. */
  #distrusted_ms = Number.NEGATIVE_INFINITY;
  #must_clear = false;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** True once the changes are followed, so that values can be stored. */
  get is_following(): boolean {
    return this.#position !== null;
  }

  /** Age of the last read; infinite before the first one. Units: ms. */
  get age_ms(): number {
    return this.#position === null ? Number.POSITIVE_INFINITY : this.#options.now_ms() - this.#position.began_ms;
  }

  /** True if cached values may be used. */
  isTrusted(): boolean {
    if (this.#position === null || this.#position.began_ms <= this.#distrusted_ms) return false;
    return this.#options.is_alone || this.age_ms < TRUST_MS;
  }

  /** Makes cached values unusable until a read that begins later: a write may have been committed. */
  distrust(): void {
    this.#distrusted_ms = this.#options.now_ms();
  }

  /** Clears the cache at the next read: the server ended a connection, and may have lost transactions with it. */
  clearAtNextRead(): void {
    this.#must_clear = true;
  }

  /** Reads the changes at an interval or upon a notification. */
  async poll(send: Send): Promise<void> {
    await this.#read(send, changesPolled);
  }

  /**
   * Reads the changes after a write of this process. Callers share a read that has not begun yet; a read that runs may
   * have begun before their commit.
   */
  catchUp(send: Send): Promise<void> {
    if (this.#next) return this.#next;
    if (!this.#running) return this.#run(send);
    const next = this.#running
      .catch(() => {})
      .then(async () => {
        this.#next = null;
        return this.#run(send);
      });
    this.#next = next;
    return next;
  }

  #run(send: Send): Promise<void> {
    const running = this.#read(send, changesSince).finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #read(send: Send, statement: (snapshot: string | null) => pg.QueryConfig): Promise<void> {
    const base = this.#position;
    const began_ms = this.#options.now_ms();
    const { snapshot, server, tags } = parseChanges(await send(statement(base?.snapshot ?? null)));
    const position = { snapshot, server, began_ms };
    if (base === null) {
      // Another first read may have ended: only the changes since its position are known, and there are none.
      this.#position ??= position;
      return;
    }
    if (this.#must_clear || !this.#isContinued(base, position) || tags.length > CHANGES_MAX) {
      this.#must_clear = false;
      this.#options.cache.clear();
      this.#position = position;
      return;
    }
    this.#options.cache.apply(tags);
    const current = this.#position;
    if (current === null || (current.server === server && current.began_ms < began_ms)) this.#position = position;
  }

  /** False if the changes between two positions may be incomplete. */
  #isContinued(base: Position, position: Position): boolean {
    if (base.server !== position.server || xminOf(base) > xminOf(position)) return false;
    return this.#options.is_alone || position.began_ms - base.began_ms < CLEAR_MS;
  }
}

/** Oldest transaction that ran at the snapshot. On one server it never decreases. */
function xminOf({ snapshot }: Position): bigint {
  return BigInt(snapshot.slice(0, snapshot.indexOf(':')));
}
