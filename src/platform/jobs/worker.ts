import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock, MovableClock } from '../clock.ts';
import type { Context } from '../context.ts';
import { type Db, isDatabaseDown } from '../db/database.ts';
import type { OutboxEventId } from '../db/db-schema.ts';
import type { Subscriber } from './events.ts';
import { handleEvent, handleJob } from './handle-row.ts';
import { type AnyJob, isScheduled } from './jobs.ts';
import { makeLane } from './lane.ts';
import { claimDueRows, type ClaimedRow, jobNameOf, type Kind, markDelivered, releaseRows } from './outbox-store.ts';
import { isOccurrence, recordFailure, recordOccurrence } from './record-outcome.ts';
import { renewWhile } from './renew-while.ts';
import { type DueReport, runDue } from './run-due.ts';
import { keepSchedules } from './schedule-store.ts';

/** Rows of one kind that one process handles at the same time; the mail server limits the pace of most events. */
const CONCURRENCY_MAX = 8;
const EVENTS_CLAIMED_MAX = 64;
const EVENT_LEASE_MS = 120_000;
const JOB_TIMEOUT_S = 300;
/** Renewed while the job runs. After a crash, the job is delayed by this time at most. */
const JOB_LEASE_MS = 60_000;
const STOP_MS_MAX = 20_000;

export interface WorkerOptions {
  db: Db;
  clock: Clock;
  jobs: readonly AnyJob[];
  subscribers: readonly Subscriber[];
  makeContext(name: string): Promise<Context>;
  log: Logger;
  poll_ms?: number;
  job_lease_ms?: number;
}

export interface Worker {
  readonly jobs: readonly AnyJob[];
  /** Stores the schedules, then delivers events and runs jobs in the background. */
  start(): Promise<void>;
  /** Claims no more rows and lets those under way finish, for at most 20 s. */
  stop(): Promise<void>;
  /** Reports that rows may have been committed. */
  nudge(): void;
  /** Delivers all events and runs all enqueued jobs that are due; returns how many attempts were made. */
  drain(): Promise<number>;
  /** Runs one occurrence of a job in this call. */
  run(job: AnyJob, at: Date): Promise<void>;
  /** Moves the clock to `to` and runs all work that falls due on the way. */
  runDue(clock: MovableClock, to: Date): Promise<DueReport>;
}

/**
 * Delivers events to their subscribers and runs jobs, each at least once. Any number of processes may do so: a row is
 * leased to one of them at a time. A row that fails is retried (retry.ts) and parked in the end, while other rows are
 * processed.
 *
 * @see docs/decisions/0042-one-queue.md
 */
export function makeWorker(options: WorkerOptions): Worker {
  const { db, clock, jobs } = options;
  const { lanes, run, state } = makeLanes(options);
  return {
    jobs,
    async start() {
      await keepSchedules(db, jobs.filter(isScheduled), clock.now());
      state.is_started = true;
      lanes.events.start();
      lanes.jobs.start();
    },
    async stop() {
      await Promise.all([lanes.events.stop(STOP_MS_MAX), lanes.jobs.stop(STOP_MS_MAX)]);
      state.is_started = false;
    },
    nudge() {
      lanes.events.nudge();
      lanes.jobs.nudge();
    },
    async drain() {
      for (let count = 0; ;) {
        const more = (await lanes.events.drain()) + (await lanes.jobs.drain());
        if (more === 0) return count;
        count += more;
      }
    },
    run: (job, at) => run(job, {}, at),
    async runDue(movable, to) {
      const report: DueReport = { runs_count: 0, failed: [] };
      state.moving = report;
      try {
        // Scheduled jobs precede the events that are due at the same instant.
        const handleDueRows = async () => {
          while ((await lanes.jobs.drain()) + (await lanes.events.drain()) > 0);
        };
        await runDue({ db, clock: movable, jobs: jobs.filter(isScheduled), handleDueRows }, to);
      } finally {
        state.moving = null;
      }
      return report;
    },
  };
}

type RunJob = (job: AnyJob, payload: object, at: Date) => Promise<void>;

/** Makes one lane for events and one for jobs, so that a long job delays no event. */
function makeLanes(options: WorkerOptions) {
  const { db, clock, log, jobs, subscribers, makeContext } = options;
  const { poll_ms = 1_000, job_lease_ms = JOB_LEASE_MS } = options;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  if (byName.size < jobs.length) throw new Error('two jobs have the same name');
  const limitOf = (job: AnyJob) => (job.timeout_s ?? JOB_TIMEOUT_S) * 1000;
  /** `moving` is set while the clock is moved: scheduled jobs then run one at a time and are reported, not retried. */
  const state: { moving: DueReport | null; is_started: boolean } = { moving: null, is_started: false };
  const deliver = shareCalls((ids: OutboxEventId[]) => markDelivered(db, ids, clock.now()));

  const run: RunJob = async (job, payload, at) =>
    handleJob(await makeContext(job.name), job, { payload, at, limit_ms: limitOf(job) });

  async function attempt(row: ClaimedRow, kind: Kind): Promise<void> {
    if (kind === 'event') return handleEvent(await makeContext('relay'), subscribers, row);
    const job = byName.get(jobNameOf(row));
    if (!job) throw new Error(`there is no job named ${jobNameOf(row)}`);
    const at = job.catch_up === 'each' && row.occurs_at ? row.occurs_at : clock.now();
    await renewWhile({ db, clock, log, lease_ms: job_lease_ms }, row, () => run(job, row.payload, at));
  }

  async function handle(row: ClaimedRow, kind: Kind): Promise<void> {
    // The rows before it took long: another process may have this one by now.
    if (clock.now() >= row.leased_until) return;
    const error = await attempt(row, kind).then(
      () => null,
      (reason: unknown) => (reason instanceof Error ? reason : new Error(String(reason))),
    );
    const sources = { db, clock, log };
    const catch_up = byName.get(jobNameOf(row))?.catch_up ?? 'last';
    if (isOccurrence(row)) return recordOccurrence(sources, row, { error, catch_up, report: state.moving });
    if (error !== null) return recordFailure(sources, row, error);
    await deliver(row.id);
  }

  const laneOf = (kind: Kind, limits: { lease_ms: number; claimed_max: number }) =>
    makeLane({
      claim() {
        const at = clock.now();
        const leased_until = new Date(at.getTime() + limits.lease_ms);
        const with_schedules = state.is_started || state.moving !== null;
        return claimDueRows(db, { kind, at, leased_until, count_max: limits.claimed_max, with_schedules });
      },
      handle: (row) => handle(row, kind),
      async release(rows) {
        const ids = rows.map(({ id }) => id);
        await releaseRows(db, ids, clock.now());
      },
      onError: (error) => log[isDatabaseDown(error) ? 'warn' : 'error']({ err: error }, 'due work not processed'),
      concurrency_max: () => (kind === 'job' && state.moving ? 1 : CONCURRENCY_MAX),
      poll_ms,
    });
  const events = laneOf('event', { lease_ms: EVENT_LEASE_MS, claimed_max: EVENTS_CLAIMED_MAX });
  return {
    lanes: { events, jobs: laneOf('job', { lease_ms: job_lease_ms, claimed_max: CONCURRENCY_MAX }) },
    run,
    state,
  };
}

/** Calls `action` once for all values that are passed within one turn of the event loop. */
function shareCalls<T>(action: (values: T[]) => Promise<void>): (value: T) => Promise<void> {
  let values: T[] = [];
  let call: Promise<void> | null = null;
  return (value) => {
    values.push(value);
    call ??= setImmediate().then(() => {
      const taken = values;
      values = [];
      call = null;
      return action(taken);
    });
    return call;
  };
}
