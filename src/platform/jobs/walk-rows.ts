/** Rows per statement of a walk. */
const BATCH = 100;

/** How long one run of a walk may start further rows; below the timeout of a job. */
export const WALK_MS = 120_000;

/** A job that works through all rows that wait for it, in the order of their ids. */
export interface Walk<Id extends number, Row extends { id: Id }> {
  /** Returns at most `limit` rows with an id above `after` (null: from the first), by id. */
  findBatch(after: Id | null, limit: number): Promise<Row[]>;
  work(row: Row): Promise<void>;
  /** Receives the error of a row. The row stays for the next walk, and the others continue. */
  onError(row: Row, error: unknown): void;
}

/** Where the next run of a walk starts. One per job and process: it lives as long as the job. */
export interface WalkPlace<Id extends number> {
  /** Last row of a run that ended early; null: the next run starts at the first row. */
  after: Id | null;
}

/**
 * Works through the rows in batches, each row once, until there is none left or `run_ms` are over.
 *
 * A run that ends early continues at its place in the next run, so that slow rows at the front never keep the others
 * from their turn. After a restart of the process a walk starts at the first row again.
 */
export async function walkRows<Id extends number, Row extends { id: Id }>(
  { findBatch, work, onError }: Walk<Id, Row>,
  place: WalkPlace<Id> = { after: null },
  run_ms = WALK_MS,
): Promise<void> {
  const deadline = performance.now() + run_ms;
  for (;;) {
    const rows = await findBatch(place.after, BATCH);
    for (const row of rows) {
      place.after = row.id;
      try {
        await work(row);
      } catch (error) {
        onError(row, error);
      }
      if (performance.now() >= deadline) return;
    }
    if (rows.length < BATCH) {
      place.after = null;
      return;
    }
  }
}
