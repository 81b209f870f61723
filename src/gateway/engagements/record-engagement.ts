import type { Logger } from 'pino';
import { inTransaction, type Db, isForeignKeyViolation } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { findDueTags, type Visit, type Visits, describeVisit } from './engagement.ts';
import { type NewVisit, upsertVisits } from './engagement-store.ts';

export interface EngagementRecorder {
  /** Returns the facts about earlier visits and records this one. Does not wait: visits are written in batches. */
  visit(user_id: UserId, tags: readonly string[], recorded: Visits, at: Date): Visit;
  /** Writes the recorded visits. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const batch_wait_ms = 500;
const remembered_max = 50_000;

/** Collects visits in memory and writes them in batches, so that no request waits for the write. */
export function makeEngagementRecorder(db: Db, log: Logger): EngagementRecorder {
  /** Visits that this process recorded; newer than cached rows of the database. */
  const remembered = new Map<string, Date>();
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

  return {
    visit(user_id, tags, recorded, at) {
      if (tags.length === 0) return describeVisit(tags, recorded);
      const latest = new Map(recorded);
      for (const tag of tags) {
        const seen = remembered.get(`${user_id}:${tag}`);
        if (seen !== undefined) latest.set(tag, later(seen, recorded.get(tag)));
      }
      for (const tag of findDueTags(tags, latest, at)) {
        if (remembered.size >= remembered_max) remembered.clear();
        remembered.set(`${user_id}:${tag}`, at);
        waiting.push({ user_id, tag, at });
        timer ??= setTimeout(() => void flush(), batch_wait_ms).unref();
      }
      return describeVisit(tags, latest);
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
