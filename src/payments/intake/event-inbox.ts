import type { Clock } from '#platform/clock';
import { type Db, inTransaction } from '#platform/db/database';
import { insertEvents, type NewStoredEvent } from './event-store.ts';

/** How long an event waits for others, so that many are stored by one statement. */
const WAIT_MS = 5;

/** Events that one statement stores. */
const BATCH_MAX = 200;

/** Stores events, many by one statement. */
export interface EventInbox {
  /** Resolves when the event is committed. Rejects if it could not be stored: the processor sends it again. */
  put(event: NewStoredEvent): Promise<void>;
}

interface Waiting {
  event: NewStoredEvent;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export function makeEventInbox({ db, clock }: { db: Db; clock: Clock }): EventInbox {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;

  async function store(batch: readonly Waiting[]): Promise<void> {
    try {
      // In the order of their keys, so that two nodes that store the same events cannot deadlock.
      const events = batch.map(({ event }) => event).toSorted((a, b) => (a.event_key < b.event_key ? -1 : 1));
      await inTransaction(db, (tx) => insertEvents(tx, events, clock.now()));
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
    async put(event) {
      return new Promise((resolve, reject) => {
        waiting.push({ event, resolve, reject });
        if (waiting.length >= BATCH_MAX) flush();
        else timer ??= setTimeout(flush, WAIT_MS);
      });
    },
  };
}
