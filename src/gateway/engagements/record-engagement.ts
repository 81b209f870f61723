import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { inTransaction, type Db, isForeignKeyViolation } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { findDueTags, noVisit, type Visit, type Visits, describeVisit } from './engagement.ts';
import { findVisits, type NewVisit, upsertVisits } from './engagement-store.ts';

export interface EngagementRecorder {
  /**
   * Returns the facts about earlier visits, from memory. Undefined if a tag is new to this process or its visit must be
   * recorded: another process may know a later visit.
   */
  peek(user_id: UserId, tags: readonly string[], at: Date): Visit | undefined;
  /**
   * Returns the facts about earlier visits and records this one. Waits for the query of the earlier visits only: visits
   * are written in batches.
   */
  visit(user_id: UserId, tags: readonly string[], at: Date): Promise<Visit>;
  /** Writes the recorded visits. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const batch_wait_ms = 500;
const remembered_users_max = 20_000;

/** Collects visits in memory and writes them in batches, so that no request waits for the write. */
export function makeEngagementRecorder(db: Db, log: Logger): EngagementRecorder {
  /** Last visits of users by tag, recorded by this process or read from the database. */
  const remembered = new LRUCache<UserId, Map<string, Date>>({ max: remembered_users_max });
  let waiting: NewVisit[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(batch: readonly NewVisit[]): Promise<void> {
    try {
      await inTransaction(db, async (tx) => upsertVisits(tx, batch));
    } catch (error) {
      if (isForeignKeyViolation(error) && batch.length > 1) {
        // A user of the batch was deleted: the visits of the other users are written one by one.
        for (const visit of batch) await write([visit]);
      } else if (!isForeignKeyViolation(error)) {
        log.warn({ err: error, visits_count: batch.length }, 'visits lost: write failed');
      }
    }
  }

  async function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    const batch = lastPerTag(waiting);
    waiting = [];
    if (batch.length > 0) writing = writing.then(async () => write(batch));
    return writing;
  }

  function remember(user_id: UserId, visits: Visits): Map<string, Date> {
    const known = remembered.get(user_id) ?? new Map<string, Date>();
    for (const [tag, seen] of visits) known.set(tag, later(seen, known.get(tag)));
    remembered.set(user_id, known);
    return known;
  }

  return {
    peek(user_id, tags, at) {
      if (tags.length === 0) return noVisit;
      const known = remembered.get(user_id);
      return known && findDueTags(tags, known, at).length === 0 ? describeVisit(tags, known) : undefined;
    },
    async visit(user_id, tags, at) {
      if (tags.length === 0) return noVisit;
      const known = remember(user_id, await findVisits(db, user_id));
      const visit = describeVisit(tags, known);
      for (const tag of findDueTags(tags, known, at)) {
        known.set(tag, at);
        waiting.push({ user_id, tag, at });
        timer ??= setTimeout(() => void flush(), batch_wait_ms).unref();
      }
      return visit;
    },
    flush,
    close: flush,
  };
}

/** Returns one visit per user and tag: an upsert statement cannot change a row twice. */
function lastPerTag(visits: readonly NewVisit[]): NewVisit[] {
  return [...new Map(visits.map((visit) => [`${visit.user_id}:${visit.tag}`, visit])).values()];
}

function later(a: Date, b: Date | undefined): Date {
  return b === undefined || a > b ? a : b;
}
