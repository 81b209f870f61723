-- Numbers of subjects that enter and leave a group at instants: a group at an instant is counted from the months, the
-- days and the steps before it. The first group are the users without a subscription. Writers append the id of what they
-- changed; a job computes its steps anew, and until then the reader does, so that no number is late.

create table metric_steps (
  scope_id bigint not null,
  subject_id bigint not null,
  kind text not null,
  key bigint not null,
  at timestamptz not null,
  change integer not null check (change in (-1, 1)),
  primary key (scope_id, subject_id, kind, key, at)
);
create index metric_steps_at on metric_steps (scope_id, kind, at) include (key, change);
comment on table metric_steps is
  'Instants (inclusive) at which a subject enters (1) or leaves (-1) a group. Stale for the subjects of metric_step_changes, which readers compute.';
comment on column metric_steps.scope_id is '0: of the whole site.';
comment on column metric_steps.kind is
  'registered: users without a role on a profile with an agreed subscription that began before an instant.';
create table metric_step_sums (
  scope_id bigint not null,
  kind text not null,
  grain text not null check (grain in ('day', 'month')),
  starts_on date not null,
  key bigint not null,
  change bigint not null,
  primary key (scope_id, kind, grain, starts_on, key)
);
create index metric_step_sums_empty on metric_step_sums (scope_id) where change = 0;
comment on table metric_step_sums is 'Sums of metric_steps by day and by month in UTC.';
create table metric_step_changes (
  id bigint generated always as identity primary key,
  user_id bigint,
  profile_id bigint
);
comment on table metric_step_changes is 'Users and subscribers whose steps may have changed since they were computed.';

create table metric_registered_users (
  user_id bigint primary key,
  full_name text not null,
  created_at timestamptz not null
);
create index metric_registered_users_name on metric_registered_users (full_name, user_id);
comment on table metric_registered_users is
  'Users of metric_steps that entered registered and do not leave it, in the order of their list. Stale for the subjects of metric_step_changes.';

-- What metric_steps must contain of users. A subscription that began when the user was registered leaves no time.
create function registered_step_rows(user_ids bigint[])
  returns table (scope_id bigint, subject_id bigint, kind text, key bigint, at timestamptz, change integer)
  language sql stable as $$
  select 0, member.id, 'registered', 0, step.at, step.change
  from (select distinct id from unnest(user_ids) as id) given join users member on member.id = given.id and member.is_active
    cross join lateral (
      select min(subscription.created_at) as first_at
      from roles role join subscriptions subscription on subscription.profile_id = role.profile_id
      where role.user_id = member.id and role.grant_key is null and role.request_key is null
        and subscription.grant_key is null and subscription.request_key is null
    ) as subscribed
    cross join lateral (values (member.created_at, 1), (first_at, -1)) as side (after_at, change)
    cross join lateral (select side.after_at + interval '1 microsecond' as at, side.change) as step
  where (first_at is null or first_at > member.created_at) and step.at is not null
$$;

-- What metric_steps must contain of subjects, one pair of scope and subject per position of the arguments.
create function metric_step_rows(scope_ids bigint[], subject_ids bigint[])
  returns table (scope_id bigint, subject_id bigint, kind text, key bigint, at timestamptz, change integer)
  language sql stable as $$
  select * from registered_step_rows(
    array(select given.subject_id from unnest(scope_ids, subject_ids) as given (scope_id, subject_id) where given.scope_id = 0))
$$;

-- Subjects of users and of subscribers.
create function metric_step_pairs(user_ids bigint[], profile_ids bigint[]) returns table (scope_id bigint, subject_id bigint)
  language sql stable as $$
  select 0, id from unnest(user_ids) as id
  union
  select 0, user_id from roles where profile_id = any(profile_ids)
$$;

-- Subjects whose steps readers compute.
create function pending_metric_steps() returns table (scope_id bigint, subject_id bigint) language sql stable as $$
  select pair.* from (
    select array_agg(distinct user_id) filter (where user_id is not null) as user_ids,
      array_agg(distinct profile_id) filter (where profile_id is not null) as profile_ids
    from metric_step_changes
  ) changed cross join lateral metric_step_pairs(changed.user_ids, changed.profile_ids) as pair
$$;

-- True if few subjects are computed by readers: then the sums are faster than the rows.
create function are_metric_steps_recent() returns boolean language sql stable as $$
  select count(*) <= 500 from (select from metric_step_changes limit 501) as change
$$;

-- Numbers of the subjects in groups of a scope, one kind and instant per position of the arguments, by key; exact in the snapshot of
-- the reader. One plan per connection: to plan the statement takes longer than to run it.
create function count_metric_steps(the_scope_id bigint, kinds text[], instants timestamptz[])
  returns table (kind text, key bigint, subjects_count bigint) language plpgsql stable
  set plan_cache_mode = force_generic_plan as $$
declare
  scope_ids bigint[];
  subject_ids bigint[];
begin
  if exists (select from metric_step_changes) then
    select array_agg(pair.scope_id), array_agg(pair.subject_id) into scope_ids, subject_ids
      from pending_metric_steps() pair where pair.scope_id = the_scope_id;
  end if;
  return query
  with bound as materialized (
    select given.kind, given.at, (date_trunc('month', given.at, 'UTC') at time zone 'UTC')::date as month,
      (given.at at time zone 'UTC')::date as day, date_trunc('day', given.at, 'UTC') as day_at
    from unnest(kinds, instants) as given (kind, at)
  ), pending as materialized (
    select bound.kind, steps.key, -steps.change as change
    from unnest(scope_ids, subject_ids) as given (scope_id, subject_id) join metric_steps steps using (scope_id, subject_id)
      join bound on bound.kind = steps.kind and steps.at <= bound.at
    union all
    select bound.kind, steps.key, steps.change
    from metric_step_rows(scope_ids, subject_ids) steps join bound on bound.kind = steps.kind and steps.at <= bound.at
    where scope_ids is not null
  )
  -- Indexes: metric_step_sums_pkey, metric_steps_at; `offset 0` reads a range for each bound.
  select part.kind, part.key, sum(part.change)::bigint
  from (
    select bound.kind, months.key, months.change from bound cross join lateral (
      select sums.key, sums.change from metric_step_sums sums
      where sums.scope_id = the_scope_id and sums.kind = bound.kind and grain = 'month' and starts_on < month offset 0) months
    union all
    select bound.kind, days.key, days.change from bound cross join lateral (
      select sums.key, sums.change from metric_step_sums sums
      where sums.scope_id = the_scope_id and sums.kind = bound.kind and grain = 'day' and starts_on >= month and starts_on < day offset 0) days
    union all
    select bound.kind, recent.key, recent.change from bound cross join lateral (
      select steps.key, steps.change from metric_steps steps
      where steps.scope_id = the_scope_id and steps.kind = bound.kind and steps.at >= day_at and steps.at <= bound.at offset 0) recent
    union all
    select * from pending
  ) as part group by part.kind, part.key having sum(part.change) <> 0;
end $$;

-- Appends do not wait for one another. A row that waits for an agreement counts nowhere.
create function note_step_user() returns trigger language plpgsql as $$
begin
  insert into metric_step_changes (user_id) values (coalesce(new.id, old.id));
  return null;
end $$;
create trigger users_step_added after insert on users for each row execute function note_step_user();
create trigger users_step_removed after delete on users for each row execute function note_step_user();
create trigger users_step_changed after update on users for each row
  when ((old.is_active, old.created_at, old.full_name) is distinct from (new.is_active, new.created_at, new.full_name)) execute function note_step_user();
create function note_step_role() returns trigger language plpgsql as $$
begin
  insert into metric_step_changes (user_id)
    select distinct id from (values (old.user_id), (new.user_id)) as given (id) where id is not null;
  return null;
end $$;
create trigger roles_step_added after insert on roles for each row
  when (new.grant_key is null and new.request_key is null) execute function note_step_role();
create trigger roles_step_removed after delete on roles for each row
  when (old.grant_key is null and old.request_key is null) execute function note_step_role();
create trigger roles_step_changed after update on roles for each row
  when ((old.user_id, old.profile_id, old.grant_key is null, old.request_key is null)
    is distinct from (new.user_id, new.profile_id, new.grant_key is null, new.request_key is null))
  execute function note_step_role();
create function note_step_subscription() returns trigger language plpgsql as $$
begin
  insert into metric_step_changes (profile_id)
    select distinct id from (values (old.profile_id), (new.profile_id)) as given (id) where id is not null;
  return null;
end $$;
create trigger subscriptions_step_added after insert on subscriptions for each row
  when (new.grant_key is null and new.request_key is null) execute function note_step_subscription();
create trigger subscriptions_step_removed after delete on subscriptions for each row
  when (old.grant_key is null and old.request_key is null) execute function note_step_subscription();
create trigger subscriptions_step_changed after update on subscriptions for each row
  when ((old.profile_id, old.created_at, old.grant_key is null, old.request_key is null)
    is distinct from (new.profile_id, new.created_at, new.grant_key is null, new.request_key is null))
  execute function note_step_subscription();

-- Users who are registered at the last instant.
create view metric_registered_user_rows as
  select member.id as user_id, member.full_name, member.created_at
  from metric_steps steps join users member on member.id = steps.subject_id
  where steps.scope_id = 0 and steps.kind = 'registered'
  group by member.id having sum(steps.change) > 0;

-- Writes the steps of subjects that differ, and adds what changed to the sums. One process at a time.
create function write_metric_steps(scope_ids bigint[], subject_ids bigint[]) returns void language plpgsql as $$
declare
  user_ids bigint[];
begin
  with wanted as materialized (
    select * from metric_step_rows(scope_ids, subject_ids)
  ), stored as materialized (
    select steps.* from (select distinct given.scope_id, given.subject_id from unnest(scope_ids, subject_ids) as given (scope_id, subject_id)) pair
      join metric_steps steps using (scope_id, subject_id)
  ), removed as (
    delete from metric_steps where (scope_id, subject_id, kind, key, at) in (
      select scope_id, subject_id, kind, key, at from stored except select scope_id, subject_id, kind, key, at from wanted)
  ), added as (
    insert into metric_steps as step (scope_id, subject_id, kind, key, at, change)
      select * from (select * from wanted except select scope_id, subject_id, kind, key, at, change from stored) as missing
    on conflict (scope_id, subject_id, kind, key, at) do update set change = excluded.change
  ), days as materialized (
    select scope_id, kind, (at at time zone 'UTC')::date as day, key, sum(change) as change
    from (
      select scope_id, kind, key, at, change from wanted
      union all
      select scope_id, kind, key, at, -change from stored
    ) as changed group by 1, 2, 3, 4 having sum(change) <> 0
  )
  insert into metric_step_sums as total (scope_id, kind, grain, starts_on, key, change)
    select scope_id, kind, grain, date_trunc(grain, day::timestamp)::date, key, sum(change)
    from days cross join (values ('day'), ('month')) as cut (grain)
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (scope_id, kind, grain, starts_on, key) do update set change = total.change + excluded.change;
  -- Index: metric_step_sums_empty.
  delete from metric_step_sums where change = 0 and scope_id = any(scope_ids);
  user_ids := array(select distinct given.subject_id from unnest(scope_ids, subject_ids) as given (scope_id, subject_id) where given.scope_id = 0);
  delete from metric_registered_users stored
    using (
      select id from unnest(user_ids) as id
      except select user_id from metric_registered_user_rows where user_id = any(user_ids)
    ) as left_list where stored.user_id = left_list.id;
  insert into metric_registered_users as stored (user_id, full_name, created_at)
    select * from metric_registered_user_rows wanted where wanted.user_id = any(user_ids) order by 1
  on conflict (user_id) do update set full_name = excluded.full_name, created_at = excluded.created_at
    where (stored.full_name, stored.created_at) is distinct from (excluded.full_name, excluded.created_at);
end $$;

-- Computes the steps of what changed; returns how many changes.
create function fold_metric_steps() returns integer language plpgsql as $$
declare
  folded integer;
  user_ids bigint[];
  profile_ids bigint[];
begin
  perform pg_advisory_xact_lock(7302609);
  with taken as (
    delete from metric_step_changes where id in (select id from metric_step_changes order by id limit 100000)
    returning user_id, profile_id
  )
  select count(*), array_agg(distinct taken.user_id) filter (where taken.user_id is not null),
      array_agg(distinct taken.profile_id) filter (where taken.profile_id is not null)
    into folded, user_ids, profile_ids from taken;
  if folded > 0 then
    perform write_metric_steps(array_agg(pair.scope_id), array_agg(pair.subject_id))
      from metric_step_pairs(user_ids, profile_ids) pair having count(*) > 0;
  end if;
  return folded;
end $$;

-- All subjects that have steps.
create view metric_step_subjects as
  select 0::bigint as scope_id, id as subject_id from users;

create function rebuild_metric_steps() returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7302609);
  delete from metric_step_changes;
  delete from metric_steps;
  delete from metric_step_sums;
  delete from metric_registered_users;
  perform write_metric_steps(array_agg(scope_id), array_agg(subject_id)) from metric_step_subjects having count(*) > 0;
end $$;

-- Steps and sums that differ from the rows, in the snapshot of the reader; the first 100 of each kind.
create function metric_step_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  with pending as materialized (
    select scope_id, subject_id from pending_metric_steps()
  ), wanted as materialized (
    select steps.* from (
      select array_agg(scope_id) as scope_ids, array_agg(subject_id) as subject_ids from metric_step_subjects
    ) given cross join lateral metric_step_rows(given.scope_ids, given.subject_ids) as steps
  )
  (select format('%s %s of subject %s in scope %s at %s', kind, key, subject_id, scope_id, at),
      coalesce(wanted.change, 0)::bigint, coalesce(stored.change, 0)::bigint
    from wanted full join metric_steps stored using (scope_id, subject_id, kind, key, at)
      left join pending using (scope_id, subject_id)
    where wanted.change is distinct from stored.change and pending.scope_id is null limit 100)
  union all
  (select format('registered user %s', user_id), (wanted.user_id is not null)::int, (stored.user_id is not null)::int
    from metric_registered_user_rows wanted full join metric_registered_users stored using (user_id, full_name, created_at)
      left join pending on pending.scope_id = 0 and pending.subject_id = user_id
    where (wanted.user_id is null or stored.user_id is null) and pending.scope_id is null limit 100)
  union all
  (select format('%s %s in scope %s, %s of %s', kind, key, scope_id, grain, starts_on), sum(wanted)::bigint, sum(found)::bigint
    from (
      select scope_id, kind, key, grain, date_trunc(grain, at at time zone 'UTC')::date as starts_on, change as wanted, 0 as found
      from metric_steps cross join (values ('day'), ('month')) as cut (grain)
      union all
      select scope_id, kind, key, grain, starts_on, 0, change from metric_step_sums
    ) as counted group by scope_id, kind, key, grain, starts_on having sum(wanted) <> sum(found) limit 100)
$$;

create or replace function figure_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from metric_errors() union all select * from metric_debt_errors() union all select * from recurring_errors()
  union all select * from metric_step_errors()
$$;
create or replace function rebuild_list_counts() returns void language plpgsql as $$
begin
  -- The job that advances the totals waits.
  lock table row_totals_state in exclusive mode;
  delete from seller_charge_totals;
  perform rebuild_list_counts_without_debts();
  perform rebuild_metric_debts();
  perform rebuild_metric_steps();
end $$;

select rebuild_metric_steps();
