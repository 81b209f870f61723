import pg from 'pg';
import type { AfterStatement, RanStatement } from '../db/gated-pool.ts';
import type { ChangeSource } from './change-source.ts';
import type { Follower } from './follower.ts';
import { makeWriteDetector } from './watched-tables.ts';

/**
 * Applies the changes of this process before the writer continues, so that its next request sees them.
 *
 * Notes the connections whose transaction wrote to a watched table. The read after the commit runs on the same
 * connection: it works when the connection of the follower is broken, and a PGlite has no other one.
 */
export class WriteWatch {
  readonly #follower: Follower;
  readonly #source: ChangeSource;
  readonly #isWrite = makeWriteDetector();
  readonly #written = new WeakSet<pg.PoolClient>();

  constructor(follower: Follower, source: ChangeSource) {
    this.#follower = follower;
    this.#source = source;
  }

  readonly afterStatement: AfterStatement = (ran) => {
    const { client, text, error } = ran;
    if (this.#isWrite(text)) this.#written.add(client);
    if (!this.#written.has(client)) return undefined;
    if (isOutcomeUnknown(error)) {
      this.#written.delete(client);
      this.#distrust();
      return undefined;
    }
    if (client.getTransactionStatus() !== 'I') return undefined;
    this.#written.delete(client);
    if (error !== undefined || /^\s*rollback\b/i.test(text)) return undefined;
    this.#source.notify();
    // Without a position nothing is stored that could be older than the write.
    return this.#follower.is_following ? this.#catchUp(ran) : undefined;
  };

  async #catchUp({ send }: RanStatement): Promise<void> {
    try {
      await this.#follower.catchUp(send);
    } catch {
      // The write is committed: the caller must not get an error.
      this.#distrust();
    }
  }

  #distrust(): void {
    this.#follower.distrust();
    this.#source.pollSoon();
  }
}

/** True if a statement may have been executed although it failed: the response was lost. */
function isOutcomeUnknown(error: unknown): boolean {
  if (error === undefined) return false;
  return !(error instanceof pg.DatabaseError) || error.severity === 'FATAL';
}
