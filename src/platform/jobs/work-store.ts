import { type Expression, sql, type SqlBool } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { OutboxEventId } from '../db/db-schema.ts';
import type { Reader, Tx } from '../db/database.ts';
import { defineList, listPage } from '../db/list.ts';
import { JOB_PREFIX, kindCondition, type Kind } from './outbox-store.ts';

/** Outcome of the last run of a schedule. */
export type RunOutcome = 'never' | 'done' | 'failed';

/** A scheduled job with its last and its next run. */
export interface Schedule {
  id: OutboxEventId;
  name: string;
  schedule: string;
  ran_at: Date | null;
  took_ms: number | null;
  outcome: RunOutcome;
  last_error: string | null;
  /** Next occurrence, or the retry of one that failed; while the job runs, the end of its lease. */
  next_run_at: Date;
  attempts_count: number;
}

const job_name = sql<string>`substr(outbox_events.name, ${sql.lit(JOB_PREFIX.length + 1)})`;
const outcome = sql<RunOutcome>`case when outbox_events.last_error is not null then 'failed'
  when outbox_events.ran_at is null then 'never' else 'done' end`;

export const scheduleList = defineList({
  search: { name: 'outbox_events.name' },
  sort: {
    name: 'outbox_events.name',
    ran_at: 'outbox_events.ran_at',
    took_ms: 'outbox_events.took_ms',
    next_run_at: 'outbox_events.next_attempt_at',
  },
  default_order: [{ column: 'outbox_events.name', descending: false }],
  tie_breaker: 'outbox_events.id',
});

/** Lists the schedules, also those of one outcome. Index: outbox_events_schedule. */
export async function listSchedules(
  reader: Reader,
  filter: { outcome: RunOutcome | null },
  list: ListQuery,
  url: URL,
): Promise<Page<Schedule>> {
  const query = reader
    .selectFrom('outbox_events')
    .select(['outbox_events.id', 'outbox_events.ran_at', 'outbox_events.took_ms', 'outbox_events.last_error'])
    .select(['outbox_events.attempts_count', 'outbox_events.next_attempt_at as next_run_at'])
    .select([job_name.as('name'), outcome.as('outcome'), sql<string>`outbox_events.schedule`.as('schedule')])
    .where('outbox_events.schedule', 'is not', null)
    .$if(filter.outcome !== null, (some) => some.where(outcome, '=', filter.outcome ?? 'done'));
  return listPage(reader, query, scheduleList, list, url);
}

/** State of work that failed: it is retried automatically, or parked after the last attempt. */
export type FailedState = 'parked' | 'retrying';

/** An event or an enqueued job whose last attempt failed. Its payload may have secrets and is not read. */
export interface FailedWork {
  id: OutboxEventId;
  kind: Kind;
  name: string;
  state: FailedState;
  attempts_count: number;
  last_error: string;
  created_at: Date;
  parked_at: Date | null;
  /** Next automatic attempt; null when parked. */
  next_attempt_at: Date | null;
}

export interface FailedFilter {
  state: FailedState | null;
  kind: Kind | null;
}

const kind = sql<Kind>`case when starts_with(outbox_events.name, 'job:') then 'job' else 'event' end`;
const work_name = sql<string>`case when starts_with(outbox_events.name, 'job:') then ${job_name} else outbox_events.name end`;

export const failedWorkList = defineList({
  search: { name: 'outbox_events.name', last_error: 'outbox_events.last_error' },
  sort: { name: 'outbox_events.name', created_at: 'outbox_events.created_at', parked_at: 'outbox_events.parked_at' },
  default_order: [{ column: 'outbox_events.created_at', descending: true }],
  tie_breaker: 'outbox_events.id',
  date: 'outbox_events.created_at',
});

/** Selects events and enqueued jobs whose last attempt failed. Index: outbox_events_failed. */
function selectFailedWork(reader: Reader, filter: FailedFilter) {
  const of_kind: Expression<SqlBool> | null = filter.kind === null ? null : kindCondition(filter.kind);
  return reader
    .selectFrom('outbox_events')
    .select(['outbox_events.id', 'outbox_events.attempts_count', 'outbox_events.created_at', 'outbox_events.parked_at'])
    .select([kind.as('kind'), work_name.as('name'), sql<string>`outbox_events.last_error`.as('last_error')])
    .select(sql<FailedState>`case when outbox_events.parked_at is null then 'retrying' else 'parked' end`.as('state'))
    .select(
      sql<Date | null>`case when outbox_events.parked_at is null then outbox_events.next_attempt_at end`.as(
        'next_attempt_at',
      ),
    )
    .where('outbox_events.delivered_at', 'is', null)
    .where('outbox_events.last_error', 'is not', null)
    .where('outbox_events.schedule', 'is', null)
    .$if(filter.state === 'parked', (some) => some.where('outbox_events.parked_at', 'is not', null))
    .$if(filter.state === 'retrying', (some) => some.where('outbox_events.parked_at', 'is', null))
    .$if(of_kind !== null, (some) => some.where(of_kind ?? sql<boolean>`true`));
}

export async function listFailedWork(
  reader: Reader,
  filter: FailedFilter,
  list: ListQuery,
  url: URL,
): Promise<Page<FailedWork>> {
  return listPage(reader, selectFailedWork(reader, filter), failedWorkList, list, url);
}

/** Returns failed work FOR UPDATE; undefined if it was delivered or deleted. */
export async function lockFailedWork(tx: Tx, id: OutboxEventId): Promise<FailedWork | undefined> {
  return selectFailedWork(tx, { state: null, kind: null })
    .where('outbox_events.id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}

/** Returns parked work FOR UPDATE, the oldest first. */
export async function lockParkedWork(tx: Tx, rows_max: number): Promise<FailedWork[]> {
  return selectFailedWork(tx, { state: 'parked', kind: null })
    .orderBy('outbox_events.id')
    .limit(rows_max)
    .forUpdate()
    .execute();
}

/** Makes parked rows due again, with all their attempts. Rows that are not parked may be leased and stay unchanged. */
export async function releaseParkedWork(tx: Tx, ids: readonly OutboxEventId[], at: Date): Promise<void> {
  await tx
    .updateTable('outbox_events')
    .set({ parked_at: null, attempts_count: 0, next_attempt_at: at })
    .where('id', '=', sql<OutboxEventId>`any(${[...ids]})`)
    .where('parked_at', 'is not', null)
    .execute();
}

/** Numbers of rows by what an operator must look at. */
export interface FailedCounts {
  parked_events: number;
  parked_jobs: number;
  retrying: number;
  failed_schedules: number;
}

/** Counts failed work. Index: outbox_events_failed. */
export async function countFailedWork(reader: Reader): Promise<FailedCounts> {
  const counted = (condition: Expression<SqlBool>) => sql<number>`count(*) filter (where ${condition})::int`;
  const is_job = kindCondition('job');
  return reader
    .selectFrom('outbox_events')
    .select([
      counted(sql`parked_at is not null and schedule is null and not (${is_job})`).as('parked_events'),
      counted(sql`parked_at is not null and schedule is null and (${is_job})`).as('parked_jobs'),
      counted(sql`parked_at is null and schedule is null`).as('retrying'),
      counted(sql`schedule is not null`).as('failed_schedules'),
    ])
    .where('delivered_at', 'is', null)
    .where('last_error', 'is not', null)
    .executeTakeFirstOrThrow();
}
