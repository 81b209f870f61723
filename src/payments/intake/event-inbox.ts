import type { Clock } from '#platform/clock';
import { type Db, inTransaction } from '#platform/db/database';
import { findKnownAccounts, insertEvents, type NewStoredEvent } from './event-store.ts';

/** How long an event waits for others, so that many are stored by one statement. */
const WAIT_MS = 5;

/** Events that one statement stores. */
const BATCH_MAX = 200;

/** Why a signed event is not stored: nothing of this site depends on it. */
export type IgnoredReason = 'unused' | 'endpoint' | 'account';

/** Stores events, many by one statement. */
export interface EventInbox {
  /**
   * Resolves when the event is committed, or ignored because no provider has its account. Rejects if it could not be
   * stored: the processor sends it again.
   */
  put(event: NewStoredEvent): Promise<void>;
  ignore(reason: IgnoredReason): void;
  /** Ignored events since the start of this process. */
  ignoredCounts(): Readonly<Record<IgnoredReason, number>>;
}

interface Waiting {
  event: NewStoredEvent;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export function makeEventInbox({ db, clock }: { db: Db; clock: Clock }): EventInbox {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;
  const ignored: Record<IgnoredReason, number> = { unused: 0, endpoint: 0, account: 0 };

  async function store(batch: readonly Waiting[]): Promise<void> {
    try {
      // In the order of their keys, so that two nodes that store the same events cannot deadlock.
      const events = batch.map(({ event }) => event).toSorted((a, b) => (a.event_key < b.event_key ? -1 : 1));
      await inTransaction(db, async (tx) => {
        const known = await findKnownAccounts(tx, events);
        const of_site = events.filter(({ account }) => account === '' || known.has(account));
        await insertEvents(tx, of_site, clock.now());
        ignored.account += events.length - of_site.length;
      });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = waiting;
    waiting = [];
    void store(batch);
  }
  return {
    ignore(reason) {
      ignored[reason] += 1;
    },
    ignoredCounts: () => ignored,
    async put(event) {
      return new Promise((resolve, reject) => {
        waiting.push({ event, resolve, reject });
        if (waiting.length >= BATCH_MAX) flush();
        else timer ??= setTimeout(flush, WAIT_MS);
      });
    },
  };
}
