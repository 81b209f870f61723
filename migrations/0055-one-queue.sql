-- The outbox is the only queue: events, enqueued jobs and scheduled jobs are rows of one table with one retry policy.

alter table outbox_events
  add column schedule text,
  add column occurs_at timestamptz,
  add constraint outbox_events_schedule_has_occurrence check ((schedule is null) = (occurs_at is null));
create unique index outbox_events_schedule on outbox_events (name) where schedule is not null;

comment on table outbox_events is
  'Work that is due now or later. Events and enqueued jobs are written in the transaction that caused them. A job has the prefix "job:". Delivered at least once; parked after repeated failure.';
comment on column outbox_events.next_attempt_at is
  'Instant of the next attempt; while a process has leased the row, the end of the lease.';
comment on column outbox_events.schedule is
  'Cron expression with five fields in UTC of a scheduled job. Its only row moves from one occurrence to the next.';
comment on column outbox_events.occurs_at is 'Occurrence of a scheduled job that is due next or that runs now.';

-- Jobs that waited in the tables of pg-boss continue here. The rows of scheduled jobs are inserted when a worker starts.
do $$
begin
  if to_regclass('pgboss.job') is null then return; end if;
  execute $carry$
    insert into outbox_events (name, payload, created_at, next_attempt_at)
    select 'job:' || name, case when jsonb_typeof(data) = 'object' then data else '{}' end, created_on, start_after
      from pgboss.job
     where state::text in ('created', 'retry', 'active')
       and name not in (select name from pgboss.schedule)
       and name not in ('dead_jobs', 'finish_order') and name not like '\_\_pgboss\_\_%'
     order by created_on
  $carry$;
  -- Jobs that failed permanently stay visible to operators.
  execute $dead$
    insert into outbox_events (name, payload, created_at, next_attempt_at, attempts_count, parked_at, last_error)
    select 'job:' || source_name, case when jsonb_typeof(data) = 'object' then data else '{}' end,
           coalesce(source_created_on, created_on), created_on, coalesce(source_retry_count, 0) + 1, created_on,
           left(source_output::text, 2000)
      from pgboss.job
     where name = 'dead_jobs' and state::text in ('created', 'retry', 'active') and source_name is not null
     order by created_on
  $dead$;
  drop schema pgboss cascade;
end $$;
