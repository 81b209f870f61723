import type { MovableClock } from '../clock.ts';
import type { Db } from '../db/database.ts';
import type { ScheduledJob } from './jobs.ts';
import { findNextDue, type Kind } from './outbox-store.ts';
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
  /** Claims and handles the rows of a kind that are due at the current instant, as many as one claim takes. */
  handleDue(kind: Kind): Promise<void>;
  /** Waits for the rows under way; returns false if there were none. */
  untilIdle(): Promise<boolean>;
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
  const { db, clock, jobs } = options;
  await keepSchedules(db, jobs, clock.now());
  const daily = jobs.filter(({ moved }) => moved === 'daily');
  const others = jobs.filter(({ moved }) => moved !== 'daily');
  await skipOccurrences(db, others, to);
  for (;;) {
    const until = endOfDay(clock.now(), to);
    await skipOccurrences(db, daily, until);
    let next = await findNextDue(db);
    for (;;) {
      next = await handleDueRows(options, next);
      onStep?.(clock.now());
      if (signal?.aborted) return false;
      const due_at = earlier(next.event, next.job);
      if (due_at === null || due_at > until) break;
      moveTo(clock, due_at);
    }
    if (until >= to) break;
    moveTo(clock, new Date(until.getTime() + 1));
  }
  moveTo(clock, to);
  await handleDueRows(options, await findNextDue(db));
  return true;
}

type NextDue = Record<Kind, Date | null>;

/**
 * Handles all rows that are due at the current instant, of which `given` are the first, and returns those that fall due
 * next. Scheduled jobs precede the events of the same instant; rows of one kind are handled until none is due.
 *
 * Why no claim without a due row: most instants have one job and no event, and a claim that finds nothing costs as much
 * as the job.
 */
async function handleDueRows({ db, clock, handleDue, untilIdle }: RunDueOptions, given: NextDue): Promise<NextDue> {
  let next = given;
  let [kind, other]: [Kind, Kind] = ['job', 'event'];
  for (;;) {
    const isDue = (each: Kind) => next[each] !== null && next[each] <= clock.now();
    if (!isDue(kind)) [kind, other] = [other, kind];
    if (isDue(kind)) await handleDue(kind);
    else if (!(await untilIdle())) return next;
    next = await findNextDue(db);
  }
}

function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
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
