-- Sums by quarter of an hour: zones with a half or a quarter hour have their bounds there, and a report by the hour
-- read the entries before each bound. The fourth quarter of an hour is in no part of an hour, and is not stored.

-- The job that advances the totals waits: the rows are those of the same entries.
lock table row_totals_state in exclusive mode;
alter table metric_sums drop constraint metric_sums_grain_check,
  add constraint metric_sums_grain_check check (grain in ('day', 'hour', 'quarter'));
comment on table metric_sums is
  'Sums of metric_postings up to totalled_until(''ledger_entries''), by day, by hour, and by the first three quarters of an hour, in UTC. Each amount is in one row of the first two grains.';

create function metric_quarter(instant timestamptz) returns timestamptz language sql immutable as $$
  select date_bin('15 minutes', instant, '2000-01-01T00:00:00Z')
$$;

-- Sums of the entries with ids in a range by quarter, by hour from these, and by day from those.
create or replace function metric_sum_rows(after_id bigint, until_id bigint)
  returns table (scope_id bigint, series text, unit text, grain text, starts_at timestamptz, amount numeric, entries_count bigint)
  language sql stable as $$
  with quarters as materialized (
    select posting.scope_id, posting.series, posting.unit, metric_quarter(created_at) as starts_at,
      sum(posting.amount) as amount, sum(posting.entries_count) as entries_count
    from metric_postings posting where id > after_id and id <= until_id group by 1, 2, 3, 4
  ), hours as materialized (
    select quarters.scope_id, quarters.series, quarters.unit, date_trunc('hour', quarters.starts_at, 'UTC') as starts_at,
      sum(quarters.amount) as amount, sum(quarters.entries_count)::bigint as entries_count
    from quarters group by 1, 2, 3, 4
  )
  select quarters.scope_id, quarters.series, quarters.unit, 'quarter', quarters.starts_at, quarters.amount, quarters.entries_count
  from quarters where quarters.starts_at < date_trunc('hour', quarters.starts_at, 'UTC') + interval '45 minutes'
  union all
  select hours.scope_id, hours.series, hours.unit, 'hour', hours.starts_at, hours.amount, hours.entries_count from hours
  union all
  select hours.scope_id, hours.series, hours.unit, 'day', date_trunc('day', hours.starts_at, 'UTC'), sum(hours.amount),
    sum(hours.entries_count)::bigint
  from hours group by 1, 2, 3, 5
$$;

insert into metric_sums (scope_id, series, unit, grain, starts_at, amount, entries_count)
  select * from metric_sum_rows(0, totalled_until('ledger_entries')) where grain = 'quarter' order by 1, 2, 3, 4, 5;
analyze metric_sums;
