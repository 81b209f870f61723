import type { Logger } from 'pino';
import { inTransaction, type Db, isForeignKeyViolation } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { tagsDue, type Visit, visitOf, type Visits } from './engagement.ts';
import { type NewVisit, upsertVisits } from './engagement-store.ts';

export interface EngagementRecorder {
  /** Says what is known of earlier visits and notes this one. Never waits: visits are written in batches. */
  visit(user_id: UserId, tags: readonly string[], recorded: Visits, at: Date): Visit;
  /** Writes what is noted so far. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const batch_wait_ms = 500;
const remembered_max = 50_000;

/** Notes visits in memory and writes them in batches, so that no request waits for the database to know it was made. */
export function makeEngagementRecorder(db: Db, log: Logger): EngagementRecorder {
  /** What this process has seen, over what the database said: rows read a moment ago may be older than these. */
  const remembered = new Map<string, Date>();
  let waiting: NewVisit[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(batch: readonly NewVisit[]): Promise<void> {
    try {
      await inTransaction(db, async (tx) => upsertVisits(tx, batch));
    } catch (error) {
      if (isForeignKeyViolation(error) && batch.length > 1) {
        // One of the users has been deleted meanwhile: the others' visits count.
        for (const visit of batch) await write([visit]);
      } else if (!isForeignKeyViolation(error)) {
        log.warn({ err: error, visits_count: batch.length }, 'visits could not be written and are lost');
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
      if (tags.length === 0) return visitOf(tags, recorded);
      const known = new Map(recorded);
      for (const tag of tags) {
        const seen = remembered.get(`${user_id}:${tag}`);
        if (seen !== undefined) known.set(tag, later(seen, recorded.get(tag)));
      }
      for (const tag of tagsDue(tags, known, at)) {
        if (remembered.size >= remembered_max) remembered.clear();
        remembered.set(`${user_id}:${tag}`, at);
        waiting.push({ user_id, tag, at });
        timer ??= setTimeout(() => void flush(), batch_wait_ms).unref();
      }
      return visitOf(tags, known);
    },
    flush,
    close: flush,
  };
}

/** One row per user and tag: a statement may not touch the same row twice. */
function lastPerTag(visits: readonly NewVisit[]): NewVisit[] {
  return [...new Map(visits.map((visit) => [`${visit.user_id}:${visit.tag}`, visit])).values()];
}

function later(a: Date, b: Date | undefined): Date {
  return b === undefined || a > b ? a : b;
}
