-- Sums of subscription_days by month: a report of plans reads the months before its bounds, and the days of the months of its bounds
-- only. Written in the statement that adds the changes to the days.

create table subscription_months (
  list text not null,
  scope_id bigint not null,
  month date not null,
  begun_count bigint not null,
  ended_count bigint not null,
  first_count bigint not null,
  primary key (list, scope_id, month)
);
comment on table subscription_months is 'Sums of subscription_days by month. They have no changes that are not folded.';
comment on column subscription_months.month is 'First of the days in the sum.';

create function month_of_day(day date) returns date language sql immutable as $$ select date_trunc('month', day::timestamp)::date $$;

create or replace function fold_subscription_days() returns integer language plpgsql as $$
declare
  folded integer;
begin
  with taken as (
    delete from subscription_day_changes where id in (
      select id from subscription_day_changes order by id limit 1000000 for update skip locked
    ) returning list, scope_id, day, begun_count, ended_count, first_count
  ), summed as (
    insert into subscription_days as total (list, scope_id, day, begun_count, ended_count, first_count)
      select list, scope_id, day, sum(begun_count), sum(ended_count), sum(first_count) from taken
      group by list, scope_id, day order by list, scope_id, day
    on conflict (list, scope_id, day) do update set begun_count = total.begun_count + excluded.begun_count,
      ended_count = total.ended_count + excluded.ended_count, first_count = total.first_count + excluded.first_count
  ), summed_by_month as (
    insert into subscription_months as total (list, scope_id, month, begun_count, ended_count, first_count)
      select list, scope_id, month_of_day(day), sum(begun_count), sum(ended_count), sum(first_count) from taken
      group by 1, 2, 3 order by 1, 2, 3
    on conflict (list, scope_id, month) do update set begun_count = total.begun_count + excluded.begun_count,
      ended_count = total.ended_count + excluded.ended_count, first_count = total.first_count + excluded.first_count
  )
  select count(*) into folded from taken;
  return folded;
end $$;

create or replace function rebuild_subscription_counts() returns void language plpgsql as $$
begin
  lock table profiles, subscriptions in share row exclusive mode;
  delete from subscriber_spans;
  insert into subscriber_spans (provider_id, profile_id, starts_at, ends_at, is_first)
    select provider_id, profile_id, starts_at, ends_at, is_first from subscriber_span_rows order by provider_id, profile_id;
  delete from subscription_day_changes;
  delete from subscription_days;
  delete from subscription_months;
  insert into subscription_days (list, scope_id, day, begun_count, ended_count, first_count)
    select list, scope_id, day, begun_count, ended_count, first_count from subscription_day_rows;
  insert into subscription_months (list, scope_id, month, begun_count, ended_count, first_count)
    select list, scope_id, month_of_day(day), sum(begun_count), sum(ended_count), sum(first_count) from subscription_days
    group by 1, 2, 3;
end $$;

alter function subscription_count_errors() rename to subscription_day_errors;
create function subscription_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from subscription_day_errors()
  union all
  (select format('%s %s in the month of %s: %s', list, scope_id, month, kind), sum(expected)::bigint, sum(found)::bigint
    from (
      select list, scope_id, month_of_day(day) as month, begun_count, ended_count, first_count, 1 as of_days, 0 as of_month
      from subscription_days
      union all
      select list, scope_id, month, begun_count, ended_count, first_count, 0, 1 from subscription_months
    ) counted cross join lateral (values
      ('begun', begun_count * of_days, begun_count * of_month),
      ('ended', ended_count * of_days, ended_count * of_month),
      ('first', first_count * of_days, first_count * of_month)
    ) as side (kind, expected, found)
    group by list, scope_id, month, kind
    having sum(expected) <> sum(found) limit 100)
$$;

insert into subscription_months (list, scope_id, month, begun_count, ended_count, first_count)
  select list, scope_id, month_of_day(day), sum(begun_count), sum(ended_count), sum(first_count) from subscription_days
  group by 1, 2, 3;
