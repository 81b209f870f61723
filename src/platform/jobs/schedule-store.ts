import { sql } from 'kysely';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import type { ScheduledJob } from './jobs.ts';
import { JOB_PREFIX } from './outbox-store.ts';
import { lastOccurrence, nextOccurrence } from './schedule.ts';

/**
 * Inserts one row per scheduled job, in their order, and deletes the rows of schedules that no job has. A row with the
 * same schedule is unchanged, so that an occurrence which was missed still runs.
 *
 * A row of which only the last occurrence counts, and which is due after the next two occurrences, was written when the
 * clock was ahead of `at`: it is due at the next one again. A clock that differs by less than one occurrence changes
 * nothing.
 */
export async function keepSchedules(db: Db, jobs: readonly ScheduledJob[], at: Date): Promise<void> {
  const rows = jobs.map(({ name, schedule }) => {
    const occurs_at = nextOccurrence(schedule, at);
    return { name: JOB_PREFIX + name, payload: '{}', created_at: at, schedule, occurs_at, next_attempt_at: occurs_at };
  });
  await inTransaction(db, async (tx) => {
    const names = rows.map(({ name }) => name);
    await tx
      .deleteFrom('outbox_events')
      .where('schedule', 'is not', null)
      .where((eb) => eb.not(eb('name', '=', eb.fn.any(eb.val(names)))))
      .execute();
    if (rows.length === 0) return;
    await tx
      .insertInto('outbox_events')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['name'])
          .where('schedule', 'is not', null)
          .doUpdateSet(({ ref }) => ({
            schedule: ref('excluded.schedule'),
            occurs_at: ref('excluded.occurs_at'),
            next_attempt_at: ref('excluded.next_attempt_at'),
            attempts_count: 0,
          }))
          .whereRef('outbox_events.schedule', '<>', 'excluded.schedule'),
      )
      .execute();
    await bringForward(tx, jobs, at);
  });
}

/** Makes rows due at their next occurrence that a clock ahead of `at` has moved beyond the one after it. */
async function bringForward(tx: Tx, jobs: readonly ScheduledJob[], at: Date): Promise<void> {
  const next = jobs
    .filter(({ catch_up }) => catch_up === 'last')
    .map(({ name, schedule }) => {
      const occurs_at = nextOccurrence(schedule, at);
      return { name: JOB_PREFIX + name, occurs_at, second_at: nextOccurrence(schedule, occurs_at) };
    });
  // Index: outbox_events_schedule.
  await sql`
    update outbox_events set occurs_at = next.occurs_at, next_attempt_at = next.occurs_at, attempts_count = 0
    from jsonb_to_recordset(${JSON.stringify(next)}::jsonb)
      as next (name text, occurs_at timestamptz, second_at timestamptz)
    where outbox_events.name = next.name and outbox_events.schedule is not null
      and outbox_events.occurs_at > next.second_at`.execute(tx);
}

/** Skips to the last occurrence up to `to`, for the jobs of these of which only the last missed occurrence runs. */
export async function skipOccurrences(db: Db, jobs: readonly ScheduledJob[], to: Date): Promise<void> {
  const last = jobs
    .filter(({ catch_up }) => catch_up === 'last')
    .map(({ name, schedule }) => ({ name: JOB_PREFIX + name, occurs_at: lastOccurrence(schedule, to) }));
  if (last.length === 0) return;
  // Index: outbox_events_schedule.
  await sql`
    update outbox_events set occurs_at = last.occurs_at, next_attempt_at = last.occurs_at
    from jsonb_to_recordset(${JSON.stringify(last)}::jsonb) as last (name text, occurs_at timestamptz)
    where outbox_events.name = last.name and outbox_events.schedule is not null
      and outbox_events.occurs_at < last.occurs_at`.execute(db);
}
