import type { MovableClock } from '../clock.ts';
import type { Db } from '../db/database.ts';
import type { ScheduledJob } from './jobs.ts';
import { findNextDue } from './outbox-store.ts';
import { keepSchedules, skipOccurrences } from './schedule-store.ts';

/** Result of moving the clock: the number of scheduled runs, and those that failed. */
export interface DueReport {
  runs_count: number;
  failed: { job: string; at: Date; error: string }[];
}

export interface RunDueOptions {
  db: Db;
  clock: MovableClock;
  jobs: readonly ScheduledJob[];
  /** Handles all rows that are due at the current instant. */
  handleDueRows(): Promise<void>;
}

/** Moves the clock to `to` and stops on the way at each instant at which a row of the outbox falls due. */
export async function runDue({ db, clock, jobs, handleDueRows }: RunDueOptions, to: Date): Promise<void> {
  await keepSchedules(db, jobs, clock.now());
  await skipOccurrences(db, jobs, to);
  for (;;) {
    await handleDueRows();
    const next = await findNextDue(db);
    if (next === null || next > to) break;
    moveTo(clock, next);
  }
  moveTo(clock, to);
  await handleDueRows();
}

/** A ticking clock may have passed the instant in the meantime. */
function moveTo(clock: MovableClock, instant: Date): void {
  if (instant > clock.now()) clock.set(instant);
}
