import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss, type Job as QueuedJob, type JobResult } from 'pg-boss';
import type { Logger } from 'pino';
import type { Context } from '../context.ts';
import { CUT_MARGIN_S, releaseCutJobs } from './cut-jobs.ts';
import type { Database } from '../db/database.ts';
import type { Subscriber } from './events.ts';
import { JOB_PREFIX, type AnyJob } from './jobs.ts';

/** Where jobs that failed for good are kept, with the error and what they were to do. */
export const DEAD_JOBS_QUEUE = 'dead_jobs';

/** A worker takes up to 20 jobs of a queue and runs them at the same time; a full batch is followed by the next at once. */
const work = { batchSize: 20, burstWhenBatchFull: true, perJobResults: true } as const;
const RETRIES_MAX = 5;
const RETRY_DELAY_S = 5;
const RETRY_DELAY_S_MAX = 3_600;
const TIMEOUT_S = 300;
const DEAD_KEPT_S = 90 * 86_400;
const INSTALL_ATTEMPTS_MAX = 5;
const INSTALL_RETRY_MS = 300;
const STOP_MS_MAX = 20_000;
const RELEASE_MS = 15_000;

export interface JobRunner {
  readonly jobs: readonly AnyJob[];
  /** Moves jobs that fell due from the outbox to the queue; goes with the relay's other subscribers. */
  readonly subscriber: Subscriber;
  /** Installs what the queue needs and begins. `workers` take jobs; `schedules` enqueues by cron in real time. */
  start(roles: Roles): Promise<void>;
  /** Takes no more jobs and lets those under way finish. */
  stop(): Promise<void>;
  /** Runs one occurrence of a job here and now. */
  run(job: AnyJob, at: Date): Promise<void>;
  /** Runs all that is waiting in the queue and waits for what others have begun; retries that back off are left to them. */
  runQueued(): Promise<number>;
}

interface Roles {
  workers: boolean;
  schedules: boolean;
}

export interface JobRunnerOptions {
  database: Database;
  jobs: readonly AnyJob[];
  makeContext: (job: string) => Promise<Context>;
  log: Logger;
  poll_s?: number;
}

/** Runs jobs on pg-boss: each queued job by one worker of all processes, retried with back-off, kept when dead. */
export function makeJobRunner({ database, jobs, makeContext, log, poll_s = 1 }: JobRunnerOptions): JobRunner {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  if (byName.size < jobs.length) throw new Error('two jobs have the same name');
  const names = jobs.map(({ name }) => name);
  let boss: Promise<PgBoss> | null = null;
  let releasing: NodeJS.Timeout | null = null;

  async function run(job: AnyJob, payload: object, at: Date | null): Promise<void> {
    const ctx = await makeContext(job.name);
    const started_ms = performance.now();
    try {
      // What was enqueued for a job is what its definition takes: `enqueue` saw to it.
      const work = job.run(ctx, payload as never, at ?? ctx.clock.now());
      await withinTime(work, job.timeout_s ?? TIMEOUT_S);
    } catch (error) {
      log.error({ err: error, job: job.name }, 'job failed');
      throw error;
    }
    log.debug({ job: job.name, took_ms: Math.round(performance.now() - started_ms) }, 'job done');
  }

  /** Runs a batch concurrently; the queue completes or retries each job by its own result. */
  async function runBatch(batch: readonly QueuedJob<object>[], job: AnyJob): Promise<JobResult[]> {
    const outcomes = await Promise.allSettled(batch.map((queued) => run(job, queued.data ?? {}, null)));
    return batch.map(({ id }, index): JobResult => {
      const outcome = outcomes[index];
      return outcome?.status === 'rejected'
        ? { id, status: 'failed', output: { message: String(outcome.reason) } }
        : { id, status: 'completed' };
    });
  }

  /** A process that takes no jobs may still have to move some to the queue. */
  function opened(): Promise<PgBoss> {
    return boss ?? begin({ workers: false, schedules: false });
  }

  function begin(roles: Roles): Promise<PgBoss> {
    const opening = open(roles).catch((error: unknown) => {
      boss = null;
      throw error;
    });
    boss = opening;
    return opening;
  }

  async function open({ workers, schedules }: Roles): Promise<PgBoss> {
    const opening = new PgBoss({
      db: { executeSql: (text, values) => database.executeSql(text, values) },
      backend: database.kind === 'pglite' ? 'pglite' : 'postgres',
      schema: 'pgboss',
      schedule: schedules,
      supervise: workers,
    });
    opening.on('error', (error) => log.warn({ err: error }, 'job queue'));
    opening.on('warning', (warning) => log.warn({ warning }, 'job queue'));
    await installQueue(opening);
    await createQueues(opening, jobs);
    if (schedules) await keepSchedules(opening, jobs);
    if (workers) await keepReleasing();
    for (const job of workers ? jobs : []) {
      const options = { ...work, pollingIntervalSeconds: poll_s };
      await opening.work<object, JobResult[], typeof options>(job.name, options, (batch) => runBatch(batch, job));
    }
    return opening;
  }

  async function keepReleasing(): Promise<void> {
    await releaseCutJobs(database, names, { at_start: true });
    releasing = setInterval(() => {
      releaseCutJobs(database, names, { at_start: false }).catch((error: unknown) =>
        log.warn({ err: error }, 'jobs cut by a crash not released'),
      );
    }, RELEASE_MS).unref();
  }

  async function close(): Promise<void> {
    if (releasing) clearInterval(releasing);
    releasing = null;
    const closing = boss;
    boss = null;
    await (await closing)?.stop({ graceful: true, timeout: STOP_MS_MAX });
  }

  return {
    jobs,

    subscriber: {
      name: 'job queue',
      wants: (event) => event.startsWith(JOB_PREFIX),
      async handle(_ctx, { id, name, payload }) {
        const job = name.slice(JOB_PREFIX.length);
        if (!byName.has(job)) throw new Error(`there is no job named ${job}`);
        // The same row gives the same id, so moving it twice enqueues it once.
        await (await opened()).send(job, payload, { id: queueId(id) });
      },
    },

    async start(roles) {
      await close();
      await begin(roles);
    },

    stop: close,

    run: (job, at) => run(job, {}, at),

    async runQueued() {
      const queue = await opened();
      let count = 0;
      for (;;) {
        const before = count;
        for (const job of jobs) {
          for (
            let [queued] = await queue.fetch<object>(job.name);
            queued;
            [queued] = await queue.fetch<object>(job.name)
          ) {
            count += 1;
            await settle(queue, queued, () => run(job, queued?.data ?? {}, null));
          }
        }
        if (count === before && (await countUnderWay(database, jobs)) === 0) return count;
        if (count === before) await sleep(50);
      }
    },
  };
}

/**
 * Starts the queue, which makes its tables when there are none. Of nodes that do so at the same moment all but one fail,
 * and find the tables when they look again.
 */
async function installQueue(boss: PgBoss): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await boss.start();
      return;
    } catch (error) {
      if (attempt >= INSTALL_ATTEMPTS_MAX || !isMadeByAnother(error)) throw error;
      await sleep(INSTALL_RETRY_MS * attempt);
    }
  }
}

/** unique_violation, duplicate_schema, duplicate_table, duplicate_object, duplicate_function (PostgreSQL, appendix A). */
function isMadeByAnother(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['23505', '42P06', '42P07', '42710', '42723'].includes(String(error.code));
}

async function createQueues(boss: PgBoss, jobs: readonly AnyJob[]): Promise<void> {
  await boss.createQueue(DEAD_JOBS_QUEUE, { retentionSeconds: DEAD_KEPT_S });
  for (const job of jobs) {
    const options = {
      retryLimit: job.retries_max ?? RETRIES_MAX,
      retryDelay: RETRY_DELAY_S,
      retryBackoff: true,
      retryDelayMax: RETRY_DELAY_S_MAX,
      expireInSeconds: (job.timeout_s ?? TIMEOUT_S) + CUT_MARGIN_S,
      deadLetter: DEAD_JOBS_QUEUE,
    };
    await boss.createQueue(job.name, options);
    // An earlier version of the program may have made it with other options.
    await boss.updateQueue(job.name, options);
  }
}

async function keepSchedules(boss: PgBoss, jobs: readonly AnyJob[]): Promise<void> {
  const wanted = new Map(jobs.flatMap(({ name, schedule }) => (schedule === undefined ? [] : [[name, schedule]])));
  for (const { name } of await boss.getSchedules()) {
    if (!wanted.has(name)) await boss.unschedule(name);
  }
  for (const [name, schedule] of wanted) await boss.schedule(name, schedule, {}, { tz: 'UTC', missed: 'once' });
}

/** Rejects when the work takes longer; the work itself goes on, so a job must be harmless when it runs twice. */
async function withinTime(work: Promise<void>, timeout_s: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the job took more than ${timeout_s} s`)), timeout_s * 1000);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function settle(boss: PgBoss, queued: QueuedJob<object>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await boss.fail(queued.name, queued, { message: String(error) });
    return;
  }
  await boss.complete(queued.name, queued);
}

/** Counts what others are running or about to take; the queue's own errands are none of our business. */
async function countUnderWay(database: Database, jobs: readonly AnyJob[]): Promise<number> {
  const { rows } = await database.executeSql(
    "select count(*) as count from pgboss.job where name = any($1) and (state = 'active' or (state = 'created' and start_after <= now()))",
    [jobs.map(({ name }) => name)],
  );
  return Number(rows[0]?.['count']);
}

/** A UUID that says which row of the outbox it came from. */
function queueId(outbox_id: number): string {
  return `00000000-0000-8000-8000-${outbox_id.toString(16).padStart(12, '0')}`;
}
