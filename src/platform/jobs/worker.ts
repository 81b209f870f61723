import type { Logger } from 'pino';
import type { Clock, MovableClock } from '../clock.ts';
import type { Context } from '../context.ts';
import { type Db, isDatabaseDown } from '../db/database.ts';
import { makeClaimLoop } from './claim-loop.ts';
import { deliverBatch } from './deliver-batch.ts';
import { makeEventLane } from './event-lane.ts';
import type { Subscriber } from './events.ts';
import { makeJobLane } from './job-lane.ts';
import { type AnyJob, isScheduled } from './jobs.ts';
import { claimDueRows, type ClaimedRow, releaseRows, saveOutcomes } from './lease-store.ts';
import { isOccurrence, outcomeOf, outcomeOfOccurrence } from './outcome.ts';
import { makeOutcomeBuffer, type OutcomeBuffer } from './outcome-buffer.ts';
import { isJobName, jobNameOf, type Kind } from './outbox-store.ts';
import { renewWhile } from './renew-while.ts';
import { type DueReport, type MoveOptions, runDue } from './run-due.ts';
import { runJob } from './run-job.ts';
import { keepSchedules } from './schedule-store.ts';

const EVENT_LEASE_MS = 120_000;
const JOB_TIMEOUT_S = 300;
/** Renewed while the job runs. After a crash, the job is delayed by this time at most. */
const JOB_LEASE_MS = 60_000;
const STOP_MS_MAX = 20_000;
/** Due work is claimed at the latest this long after it is due, also without a nudge. */
export const POLL_MS = 1_000;
/** A lone event is claimed this long after its request; the requests of that time share the claim. */
const NUDGE_MS = 20;
const PAUSE_MS = 100;
/** Longest time from an attempt to its record. A crash in between repeats the attempt. */
const RECORD_MS_MAX = 500;
const RECORDED_TOGETHER_MAX = 200;

export interface WorkerOptions {
  db: Db;
  clock: Clock;
  jobs: readonly AnyJob[];
  subscribers: readonly Subscriber[];
  makeContext(name: string): Promise<Context>;
  log: Logger;
  poll_ms?: number;
  nudge_ms?: number;
  job_lease_ms?: number;
}

export interface Worker {
  readonly jobs: readonly AnyJob[];
  /** Stores the schedules, then delivers events and runs jobs in the background. */
  start(): Promise<void>;
  /** Claims no more rows and lets those under way finish, for at most 20 s. */
  stop(): Promise<void>;
  /** Reports that rows may have been committed. Nudges that follow each other cause one claim. */
  nudge(): void;
  /** Delivers all events and runs all enqueued jobs that are due; returns how many attempts were made. */
  drain(): Promise<number>;
  /** Runs one occurrence of a job in this call. */
  run(job: AnyJob, at: Date): Promise<void>;
  /** Moves the clock to `to` and runs all work that falls due on the way. */
  runDue(clock: MovableClock, to: Date, move?: MoveOptions): Promise<DueReport>;
}

/**
 * Delivers events to their subscribers and runs jobs, each at least once, in batches. Any number of processes may do
 * so: a row is leased to one of them at a time. A row that fails is retried (retry.ts) and parked in the end, while
 * other rows are processed.
 *
 * @see docs/decisions/0042-one-queue.md
 * @see docs/decisions/0056-batches-of-events-and-jobs.md
 */
export function makeWorker(options: WorkerOptions): Worker {
  const { db, clock, jobs } = options;
  const { loop, run, state } = makeLoop(options);
  return {
    jobs,
    async start() {
      await keepSchedules(db, jobs.filter(isScheduled), clock.now());
      state.is_started = true;
      loop.start();
    },
    async stop() {
      await loop.stop(STOP_MS_MAX);
      state.is_started = false;
    },
    nudge: () => loop.nudge(),
    drain: () => loop.drain(['event', 'job']),
    run: (job, at) => run(job, {}, at),
    async runDue(movable, to, { signal, onStep } = {}) {
      const report: DueReport = { runs_count: 0, failed: [], is_cancelled: false };
      state.moving = report;
      try {
        const options = {
          db,
          clock: movable,
          jobs: jobs.filter(isScheduled),
          handleDue: (kind: Kind) => loop.handleOnce(kind),
          untilIdle: () => loop.untilIdle(),
        };
        const is_complete = await runDue(options, to, { signal, onStep: (at) => onStep?.(at, report) });
        report.is_cancelled = !is_complete;
      } finally {
        state.moving = null;
      }
      return report;
    },
  };
}

type RunJob = (job: AnyJob, payload: object, at: Date) => Promise<void>;

/** `moving` is set while the clock is moved: scheduled jobs then run one at a time and are reported, not retried. */
interface WorkerState {
  moving: DueReport | null;
  is_started: boolean;
}

/** Makes the loop that claims rows, with one lane for events and one for jobs: a long job delays no event. */
function makeLoop(options: WorkerOptions) {
  const { db, clock, log, poll_ms = POLL_MS, nudge_ms = NUDGE_MS, job_lease_ms = JOB_LEASE_MS } = options;
  const state: WorkerState = { moving: null, is_started: false };
  const onError = (error: unknown) =>
    log[isDatabaseDown(error) ? 'warn' : 'error']({ err: error }, 'due work not processed');
  const buffer = makeOutcomeBuffer({
    save: (outcomes) => saveOutcomes(db, outcomes),
    onError,
    delay_ms: RECORD_MS_MAX,
    count_max: RECORDED_TOGETHER_MAX,
  });
  const { run, handle } = makeJobRunner(options, state, buffer);
  const common = {
    release: async (rows: readonly ClaimedRow[]) => {
      const ids = rows.map(({ id }) => id);
      await releaseRows(db, ids, clock.now());
    },
    flush: () => buffer.flush(),
    onError,
  };
  const event = makeEventLane({
    ...common,
    deliver: makeDeliver(options, buffer),
    onRoom: () => loop.onRoom('event'),
  });
  const job = makeJobLane({
    ...common,
    handle,
    isSequential: () => state.moving !== null,
    onRoom() {
      loop.onRoom('job');
      // A job may have emitted events or enqueued jobs, and a scheduled job may have missed its next occurrence.
      loop.nudge();
    },
  });
  const loop = makeClaimLoop({
    lanes: { event, job },
    async claim(counts) {
      const at = clock.now();
      const inMs = (ms: number) => new Date(at.getTime() + ms);
      const rows = await claimDueRows(db, {
        at,
        event: { count_max: counts.event, leased_until: inMs(EVENT_LEASE_MS) },
        job: { count_max: counts.job, leased_until: inMs(job_lease_ms) },
        with_schedules: state.is_started || state.moving !== null,
      });
      return { event: rows.filter((row) => !isJobName(row.name)), job: rows.filter((row) => isJobName(row.name)) };
    },
    onError,
    poll_ms,
    nudge_ms,
    pause_ms: PAUSE_MS,
  });
  return { loop, run, state };
}

/** Makes the function that delivers a batch of events and adds their outcomes to the buffer. */
function makeDeliver({ clock, log, subscribers, makeContext }: WorkerOptions, buffer: OutcomeBuffer) {
  const onOutcome = (row: ClaimedRow, error: Error | null) => {
    const outcome = outcomeOf(row, error, clock.now());
    if (outcome.parked_at) log.error({ err: error, name: row.name, outbox_id: row.id }, 'row parked');
    buffer.add(outcome);
  };
  return async (rows: readonly ClaimedRow[], isHalted: () => boolean) =>
    deliverBatch({ ctx: await makeContext('relay'), clock, subscribers, isHalted, onOutcome }, rows);
}

/** Makes the functions that run a job, and the job of a row. */
function makeJobRunner(options: WorkerOptions, state: WorkerState, buffer: OutcomeBuffer) {
  const { db, clock, log, jobs, makeContext, job_lease_ms = JOB_LEASE_MS } = options;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  if (byName.size < jobs.length) throw new Error('two jobs have the same name');

  const run: RunJob = async (job, payload, at) =>
    runJob(await makeContext(job.name), job, { payload, at, limit_ms: (job.timeout_s ?? JOB_TIMEOUT_S) * 1000 });

  async function attempt(row: ClaimedRow): Promise<void> {
    const job = byName.get(jobNameOf(row));
    if (!job) throw new Error(`there is no job named ${jobNameOf(row)}`);
    const at = job.catch_up === 'each' && row.occurs_at ? row.occurs_at : clock.now();
    await renewWhile({ db, clock, log, lease_ms: job_lease_ms }, row, () => run(job, row.payload, at));
  }

  async function handle(row: ClaimedRow): Promise<void> {
    // The rows before it took long: another process may have this one by now.
    if (clock.now() >= row.leased_until) return;
    const ran_at = clock.now();
    const started_ms = performance.now();
    const error = await attempt(row).then(
      () => null,
      (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason))),
    );
    const run_of_row = { ran_at, took_ms: Math.round(performance.now() - started_ms) };
    const report = state.moving;
    const at = clock.now();
    if (!isOccurrence(row)) {
      const outcome = outcomeOf(row, error, at);
      if (outcome.parked_at) log.error({ err: error, name: row.name, outbox_id: row.id }, 'row parked');
      return buffer.add({ ...outcome, ...run_of_row });
    }
    const job = jobNameOf(row);
    if (report) {
      report.runs_count += 1;
      if (error !== null) report.failed.push({ job, at: row.occurs_at, error: String(error) });
    }
    const catch_up = byName.get(job)?.catch_up ?? 'last';
    const outcome = outcomeOfOccurrence(row, { error, at, catch_up, is_retried: report === null });
    if (error !== null && !report && outcome.occurs_at)
      log.error({ err: error, job, occurs_at: row.occurs_at }, 'occurrence given up');
    buffer.add({ ...outcome, ...run_of_row });
  }

  return { run, handle };
}
