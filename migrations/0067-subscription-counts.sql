-- Numbers of the subscriptions to a plan and of the subscribers of a provider at any instant, without reading them: the begins and
-- the ends of each day are counted, and only the rows of the day of the reader are read. Exact in the snapshot of the reader.

create table subscriber_spans (
  provider_id bigint not null,
  profile_id bigint not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  is_first boolean not null,
  primary key (provider_id, profile_id, starts_at)
);
comment on table subscriber_spans is
  'Projection of subscriptions: the periods in which an active profile has a subscription to any plan of a provider, from starts_at (inclusive) to ends_at (exclusive). Periods that overlap or touch are one row. Grants that wait are not counted.';
comment on column subscriber_spans.is_first is 'True for the first period of the profile at the provider.';

create table subscription_days (
  list text not null check (list in ('plan', 'provider')),
  scope_id bigint not null,
  day date not null,
  begun_count bigint not null,
  ended_count bigint not null,
  first_count bigint not null,
  primary key (list, scope_id, day)
);
comment on table subscription_days is
  'List plan: begins and ends of the subscriptions of active profiles to a plan. List provider: those of subscriber_spans of a provider. The numbers now are these plus all rows of subscription_day_changes.';
comment on column subscription_days.day is 'From midnight UTC (exclusive) to the next midnight (inclusive): what ends at midnight is counted when the day begins.';
create table subscription_day_changes (
  id bigint generated always as identity primary key,
  list text not null,
  scope_id bigint not null,
  day date not null,
  begun_count bigint not null,
  ended_count bigint not null,
  first_count bigint not null
);

create function subscription_day(instant timestamptz) returns date language sql immutable as $$
  select ((instant at time zone 'UTC') - interval '1 microsecond')::date
$$;

-- What the projections must contain.
create view subscriber_span_rows as
  select provider_id, profile_id, starts_at, max(ends_at) as ends_at, starts_at = min(first_at) as is_first
  from (
    select plans.profile_id as provider_id, subscriptions.profile_id, min(subscriptions.created_at) as first_at,
      range_agg(tstzrange(subscriptions.created_at, subscriptions.ends_at)) as periods,
      array_agg(subscriptions.created_at) filter (where subscriptions.created_at = subscriptions.ends_at) as instants
    from subscriptions
      join plans on plans.id = subscriptions.plan_id
      join profiles on profiles.id = subscriptions.profile_id
    where subscriptions.grant_key is null and profiles.is_active
    group by plans.profile_id, subscriptions.profile_id
  ) subscriber cross join lateral (
    select lower(period), upper(period) from unnest(periods) as period
    union all
    select instant, instant from unnest(instants) as instant
  ) as part (starts_at, ends_at)
  group by provider_id, profile_id, starts_at;
create view subscription_day_rows as
  select 'plan' as list, plan_id as scope_id, day, sum(begun) as begun_count, sum(ended) as ended_count, 0 as first_count
  from subscriptions join profiles on profiles.id = subscriptions.profile_id
    cross join lateral (
      values (subscription_day(subscriptions.created_at), 1, 0), (subscription_day(subscriptions.ends_at), 0, 1)
    ) as side (day, begun, ended)
  where profiles.is_active
  group by plan_id, day
  union all
  select 'provider', provider_id, day, sum(begun), sum(ended), sum(first)
  from subscriber_spans cross join lateral (
      values (subscription_day(starts_at), 1, 0, is_first::int), (subscription_day(ends_at), 0, 1, 0)
    ) as side (day, begun, ended, first)
  group by provider_id, day;

-- Writes the spans of one subscriber, and appends what changed by day. Rows that are appended do not wait for one another, as
-- updates of one number per provider would: checkouts of one provider run concurrently.
create function write_subscriber_spans(the_provider_id bigint, the_profile_id bigint) returns void language plpgsql as $$
begin
  with wanted as materialized (
    select starts_at, ends_at, is_first from subscriber_span_rows
    where provider_id = the_provider_id and profile_id = the_profile_id
  ), stored as materialized (
    select starts_at, ends_at, is_first from subscriber_spans
    where provider_id = the_provider_id and profile_id = the_profile_id
  ), removed as (
    delete from subscriber_spans
    where provider_id = the_provider_id and profile_id = the_profile_id and starts_at in (
      select starts_at from stored except select starts_at from wanted)
  ), added as (
    insert into subscriber_spans as span (provider_id, profile_id, starts_at, ends_at, is_first)
      select the_provider_id, the_profile_id, starts_at, ends_at, is_first from wanted
      where (starts_at, ends_at, is_first) not in (select starts_at, ends_at, is_first from stored)
    on conflict (provider_id, profile_id, starts_at) do update set ends_at = excluded.ends_at, is_first = excluded.is_first
  )
  insert into subscription_day_changes (list, scope_id, day, begun_count, ended_count, first_count)
    select 'provider', the_provider_id, day, sum(begun), sum(ended), sum(first)
    from (select 1 as sign, * from wanted union all select -1, * from stored) span
      cross join lateral (
        values (subscription_day(starts_at), sign, 0, sign * is_first::int), (subscription_day(ends_at), 0, sign, 0)
      ) as side (day, begun, ended, first)
    group by day having (sum(begun), sum(ended), sum(first)) <> (0, 0, 0);
end $$;

-- The lock on the subscriber, until the transaction ends, serializes the changes of its spans, and its archiving with them.
create function count_subscription() returns trigger language plpgsql as $$
begin
  perform from profiles where id in (old.profile_id, new.profile_id) order by id for no key update;
  insert into subscription_day_changes (list, scope_id, day, begun_count, ended_count, first_count)
    select 'plan', plan_id, day, sum(begun), sum(ended), 0
    from (values
      (old.profile_id, old.plan_id, subscription_day(old.created_at), -1, 0),
      (old.profile_id, old.plan_id, subscription_day(old.ends_at), 0, -1),
      (new.profile_id, new.plan_id, subscription_day(new.created_at), 1, 0),
      (new.profile_id, new.plan_id, subscription_day(new.ends_at), 0, 1)
    ) as side (profile_id, plan_id, day, begun, ended)
    where exists (select from profiles where id = side.profile_id and is_active)
    group by plan_id, day having (sum(begun), sum(ended)) <> (0, 0);
  perform write_subscriber_spans(provider_id, profile_id)
    from (
      select plans.profile_id as provider_id, side.profile_id
      from (values (old.profile_id, old.plan_id, old.grant_key), (new.profile_id, new.plan_id, new.grant_key))
          as side (profile_id, plan_id, grant_key)
        join plans on plans.id = side.plan_id
      where grant_key is null
      group by plans.profile_id, side.profile_id
    ) subscriber;
  return null;
end $$;
create trigger subscriptions_count_added after insert on subscriptions for each row execute function count_subscription();
create trigger subscriptions_count_removed after delete on subscriptions for each row execute function count_subscription();
create trigger subscriptions_count_changed after update on subscriptions for each row
  when ((old.profile_id, old.plan_id, old.created_at, old.ends_at, old.grant_key is null)
    is distinct from (new.profile_id, new.plan_id, new.created_at, new.ends_at, new.grant_key is null))
  execute function count_subscription();

-- Archived profiles are in no list of a provider.
create function count_subscriptions_of_profile() returns trigger language plpgsql as $$
declare
  sign integer := case when new.is_active then 1 else -1 end;
begin
  insert into subscription_day_changes (list, scope_id, day, begun_count, ended_count, first_count)
    select 'plan', plan_id, day, sum(begun), sum(ended), 0
    from subscriptions cross join lateral (
        values (subscription_day(created_at), sign, 0), (subscription_day(ends_at), 0, sign)
      ) as side (day, begun, ended)
    where profile_id = new.id group by plan_id, day;
  perform write_subscriber_spans(provider_id, new.id)
    from (
      select distinct plans.profile_id as provider_id from subscriptions join plans on plans.id = subscriptions.plan_id
      where subscriptions.profile_id = new.id
    ) provider;
  return null;
end $$;
create trigger profiles_count_subscriptions after update on profiles
  for each row when (old.is_active <> new.is_active) execute function count_subscriptions_of_profile();

-- Adds the changes to the numbers by day; returns how many.
create function fold_subscription_days() returns integer language plpgsql as $$
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
  )
  select count(*) into folded from taken;
  return folded;
end $$;

-- Writes both projections anew. Locks out writers until the transaction ends.
create function rebuild_subscription_counts() returns void language plpgsql as $$
begin
  lock table profiles, subscriptions in share row exclusive mode;
  delete from subscriber_spans;
  insert into subscriber_spans (provider_id, profile_id, starts_at, ends_at, is_first)
    select provider_id, profile_id, starts_at, ends_at, is_first from subscriber_span_rows order by provider_id, profile_id;
  delete from subscription_day_changes;
  delete from subscription_days;
  insert into subscription_days (list, scope_id, day, begun_count, ended_count, first_count)
    select list, scope_id, day, begun_count, ended_count, first_count from subscription_day_rows;
end $$;

-- Numbers that differ from the rows, in the snapshot of the reader; the first 100 of each kind.
create function subscription_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  (select format('periods of profile %s at provider %s', profile_id, provider_id), count(wanted.starts_at), count(stored.starts_at)
    from subscriber_span_rows wanted
      full join subscriber_spans stored using (provider_id, profile_id, starts_at, ends_at, is_first)
    where wanted.starts_at is null or stored.starts_at is null
    group by provider_id, profile_id limit 100)
  union all
  (select format('%s %s on %s: %s', list, scope_id, day, kind), coalesce(sum(expected), 0)::bigint, coalesce(sum(found), 0)::bigint
    from (
      select list, scope_id, day, begun_count, ended_count, first_count, true as is_expected from subscription_day_rows
      union all
      select list, scope_id, day, begun_count, ended_count, first_count, false from subscription_days
      union all
      select list, scope_id, day, begun_count, ended_count, first_count, false from subscription_day_changes
    ) counted cross join lateral (values
      ('begun', case when is_expected then begun_count end, case when not is_expected then begun_count end),
      ('ended', case when is_expected then ended_count end, case when not is_expected then ended_count end),
      ('first', case when is_expected then first_count end, case when not is_expected then first_count end)
    ) as side (kind, expected, found)
    group by list, scope_id, day, kind
    having coalesce(sum(expected), 0) <> coalesce(sum(found), 0) limit 100)
$$;

-- The functions that the job and the operator call include both kinds of counts.
alter function rebuild_list_counts() rename to rebuild_row_counts;
create function rebuild_list_counts() returns void language plpgsql as $$
begin
  perform rebuild_row_counts();
  perform rebuild_subscription_counts();
end $$;
alter function list_count_errors() rename to row_count_errors;
create function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from row_count_errors() union all select * from subscription_count_errors()
$$;

-- GET /api/profile/{profile}/subscribers/subscriptions: created_at, one plan after the other. ends_at: subscriptions_plan_id.
create index subscriptions_plan_created_at on subscriptions (plan_id, created_at, ends_at, id);
-- The same lists: profile__email, profile__phone, profile__street_address, profile__locality, profile__region, profile__postal_code,
-- profile__country, one profile after the other. profile: profiles_slug_key. profile__full_name: profiles_full_name.
-- Grants that wait come last, as they disclose no address.
create index subscriptions_waiting on subscriptions (plan_id, ends_at, id) where grant_key is not null;
create index profiles_email_order on profiles (email, id);
create index profiles_phone on profiles (phone, id);
create index profiles_street_address on profiles (street_address, id);
create index profiles_locality on profiles (locality, id);
create index profiles_region on profiles (region, id);
create index profiles_postal_code on profiles (postal_code, id);
create index profiles_country on profiles (country, id);

select rebuild_subscription_counts();
