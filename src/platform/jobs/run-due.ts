import { CronExpressionParser } from 'cron-parser';
import type { MovableClock } from '../clock.ts';
import type { Db } from '../db/database.ts';
import type { JobRunner } from './job-runner.ts';
import type { AnyJob } from './jobs.ts';
import { findNextDue } from './outbox-store.ts';
import type { Relay } from './relay.ts';

/** What moving the clock did: how many jobs ran by schedule, and which of them failed. */
export interface DueReport {
  runs_count: number;
  failed: { job: string; at: Date; error: string }[];
}

export interface RunDueOptions {
  db: Db;
  clock: MovableClock;
  runner: JobRunner;
  relay: Relay;
}

/**
 * Moves the clock to `to` and runs on the way, in order and each at its instant, every job and event that falls due.
 *
 * A job that failed is reported and not tried again here: its next occurrence is its retry.
 */
export async function runDue({ db, clock, runner, relay }: RunDueOptions, to: Date): Promise<DueReport> {
  const report: DueReport = { runs_count: 0, failed: [] };
  const runs = dueRuns(runner.jobs, clock.now(), to);
  for (;;) {
    await settleNow(runner, relay);
    const next = await nextInstant(db, runs[0]?.at, to);
    if (next === null) break;
    moveTo(clock, next);
    for (let run = runs[0]; run && run.at <= next; run = runs[0]) {
      const { job, at } = run;
      runs.shift();
      report.runs_count += 1;
      await runner
        .run(job, at)
        .catch((error: unknown) => report.failed.push({ job: job.name, at, error: String(error) }));
    }
  }
  moveTo(clock, to);
  await settleNow(runner, relay);
  return report;
}

/** A ticking clock may have passed the instant meanwhile. */
function moveTo(clock: MovableClock, instant: Date): void {
  if (instant > clock.now()) clock.set(instant);
}

/** Delivers events and runs queued jobs until neither makes more of the other. */
async function settleNow(runner: JobRunner, relay: Relay): Promise<void> {
  while ((await relay.drain()) + (await runner.runQueued()) > 0);
}

/** The next instant at which something falls due, `to` at the latest; null when nothing does. */
async function nextInstant(db: Db, run_at: Date | undefined, to: Date): Promise<Date | null> {
  const told_at = await findNextDue(db);
  const instants = [run_at, told_at].filter((at) => at !== undefined && at !== null && at <= to);
  return instants.reduce<Date | null>((first, at) => (at && (first === null || at < first) ? at : first), null);
}

/** Every occurrence after `from` and up to `to`, in order; of jobs that catch up once, the last one. */
export function dueRuns(jobs: readonly AnyJob[], from: Date, to: Date): { job: AnyJob; at: Date }[] {
  const runs = jobs.flatMap((job) => {
    if (job.schedule === undefined) return [];
    const instants =
      job.catch_up === 'each' ? occurrences(job.schedule, from, to) : lastOccurrence(job.schedule, from, to);
    return instants.map((at) => ({ job, at }));
  });
  return runs.sort((a, b) => a.at.getTime() - b.at.getTime());
}

function occurrences(schedule: string, from: Date, to: Date): Date[] {
  const cron = CronExpressionParser.parse(schedule, { currentDate: from, tz: 'UTC' });
  const instants: Date[] = [];
  for (let at = cron.next().toDate(); at <= to; at = cron.next().toDate()) instants.push(at);
  return instants;
}

function lastOccurrence(schedule: string, from: Date, to: Date): Date[] {
  const justAfter = new Date(to.getTime() + 1);
  const at = CronExpressionParser.parse(schedule, { currentDate: justAfter, tz: 'UTC' }).prev().toDate();
  return at > from ? [at] : [];
}
