import type { MovableClock } from '../clock.ts';
import type { Db } from '../db/database.ts';
import type { ScheduledJob } from './jobs.ts';
import { findNextDue } from './outbox-store.ts';
import { keepSchedules, skipOccurrences } from './schedule-store.ts';

/** Result of moving the clock: the number of scheduled runs, and those that failed. */
export interface DueReport {
  runs_count: number;
  failed: { job: string; at: Date; error: string }[];
  /** True if the move was cancelled: the clock stands at the last instant whose work was done. */
  is_cancelled: boolean;
}

export interface RunDueOptions {
  db: Db;
  clock: MovableClock;
  jobs: readonly ScheduledJob[];
  /** Handles all rows that are due at the current instant. */
  handleDueRows(): Promise<void>;
}

/** How a caller follows and ends a move of the clock. */
export interface MoveOptions {
  /** Ends the move after the work of the current instant. */
  signal?: AbortSignal;
  /** Called when the work of an instant is done. */
  onStep?(at: Date, report: DueReport): void;
}

const DAY_MS = 86_400_000;

/**
 * Moves the clock to `to` and stops on the way at each instant at which a row of the outbox falls due. Returns false if
 * the move was cancelled.
 *
 * A job that catches up each occurrence runs at each, one that is `moved` daily at its last occurrence of each day
 * (UTC), so that moving by n days runs the same occurrences as moving n times by a day. Of any other job only the last
 * occurrence runs: a year does not repeat the jobs of every minute half a million times.
 */
export async function runDue(options: RunDueOptions, to: Date, { signal, onStep }: StepOptions = {}): Promise<boolean> {
  const { db, clock, jobs, handleDueRows } = options;
  await keepSchedules(db, jobs, clock.now());
  const daily = jobs.filter(({ moved }) => moved === 'daily');
  const others = jobs.filter(({ moved }) => moved !== 'daily');
  await skipOccurrences(db, others, to);
  for (;;) {
    const until = endOfDay(clock.now(), to);
    await skipOccurrences(db, daily, until);
    for (;;) {
      await handleDueRows();
      onStep?.(clock.now());
      if (signal?.aborted) return false;
      const next = await findNextDue(db);
      if (next === null || next > until) break;
      moveTo(clock, next);
    }
    if (until >= to) break;
    moveTo(clock, new Date(until.getTime() + 1));
  }
  moveTo(clock, to);
  await handleDueRows();
  return true;
}

interface StepOptions {
  signal?: AbortSignal | undefined;
  onStep?(at: Date): void;
}

/** Returns the last millisecond of the day of `at`, `to` at most. */
function endOfDay(at: Date, to: Date): Date {
  const end_ms = (Math.floor(at.getTime() / DAY_MS) + 1) * DAY_MS - 1;
  return new Date(Math.min(end_ms, to.getTime()));
}

/** A ticking clock may have passed the instant in the meantime. */
function moveTo(clock: MovableClock, instant: Date): void {
  if (instant > clock.now()) clock.set(instant);
}
