-- Numbers of the subscribers of a federation: of each member, and of all of it, where each profile counts once.

create table metric_federation_members (
  provider_id bigint not null,
  seller_id bigint not null,
  is_member boolean not null,
  primary key (provider_id, seller_id)
);
create index metric_federation_members_seller on metric_federation_members (seller_id);
comment on table metric_federation_members is
  'Sellers whose subscribers are in the metric_steps of a provider: itself, and its members when the job last looked. A provider without members has no row. A reader that finds other members counts their subscribers.';
comment on column metric_federation_members.is_member is 'False for a provider that does not subscribe to itself.';
comment on column metric_steps.scope_id is '0: of the whole site. Else the provider of a federation.';
comment on column metric_steps.key is
  'running, new, removed: id of a member; 0 for all of the federation. shared: number of subscriptions.';
comment on column metric_steps.kind is
  'registered: users without a role on a profile with an agreed subscription that began before an instant. running: subscribers with a running subscription. new: those of them within a year of their first begin. removed: subscribers whose last subscription ended. shared: subscribers by the number of their running subscriptions to members.';

-- What metric_steps must contain of subscribers, one pair of provider and subscriber per position of the arguments.
create function federation_step_rows(provider_ids bigint[], profile_ids bigint[])
  returns table (scope_id bigint, subject_id bigint, kind text, key bigint, at timestamptz, change integer)
  language sql stable as $$
  with agreed as materialized (
    select pair.provider_id, pair.profile_id, seller.seller_id, seller.is_member, subscription.created_at, subscription.ends_at
    from (select distinct given.provider_id, given.profile_id from unnest(provider_ids, profile_ids) as given (provider_id, profile_id)) pair
      join subscriptions subscription on subscription.profile_id = pair.profile_id
        and subscription.grant_key is null and subscription.request_key is null
      join plans plan on plan.id = subscription.plan_id
      join metric_federation_members seller on (seller.provider_id, seller.seller_id) = (pair.provider_id, plan.profile_id)
  ), subscriber as materialized (
    select provider_id, profile_id, of.key, max(ends_at) as ends_at,
      range_agg(tstzrange(created_at, ends_at, '(]')) as running,
      range_agg(tstzrange(created_at, ends_at, '(]')) * tstzmultirange(tstzrange(
        null, (min(created_at) at time zone 'UTC' + interval '1 year') at time zone 'UTC', '(]')) as new
    from agreed cross join lateral (select 0 as key union all select seller_id where is_member) as of
    group by 1, 2, 3
  ), level as (
    select provider_id, profile_id, at, sum(change) as change,
      sum(sum(change)) over (partition by provider_id, profile_id order by at) as after_count
    from agreed cross join lateral (values (created_at, 1), (ends_at + interval '1 microsecond', -1)) as side (at, change)
    where is_member group by 1, 2, 3
  )
  -- The time is after a begin and until an end (inclusive).
  select provider_id, profile_id, span.kind, subscriber.key, side.at + interval '1 microsecond', side.change
  from subscriber cross join lateral (
      select 'running' as kind, unnest(running) as period union all select 'new', unnest(new)
    ) as span cross join lateral (values (lower(period), 1), (upper(period), -1)) as side (at, change)
  union all
  select provider_id, profile_id, 'removed', subscriber.key, ends_at + interval '1 microsecond', 1 from subscriber
  union all
  select provider_id, profile_id, 'shared', side.key::bigint, at, side.change
  from level cross join lateral (values (after_count - change, -1), (after_count, 1)) as side (key, change)
  where level.change <> 0 and side.key > 0
$$;

create or replace function metric_step_rows(scope_ids bigint[], subject_ids bigint[])
  returns table (scope_id bigint, subject_id bigint, kind text, key bigint, at timestamptz, change integer)
  language sql stable as $$
  select * from registered_step_rows(
    array(select given.subject_id from unnest(scope_ids, subject_ids) as given (scope_id, subject_id) where given.scope_id = 0))
  union all
  select rows.* from (
    select array_agg(given.scope_id) as provider_ids, array_agg(given.subject_id) as profile_ids
    from unnest(scope_ids, subject_ids) as given (scope_id, subject_id) where given.scope_id > 0
  ) pair cross join lateral federation_step_rows(pair.provider_ids, pair.profile_ids) as rows
$$;

-- A subscriber that lost its subscription is found by its steps. Index: metric_steps_subject.
create index metric_steps_subject on metric_steps (subject_id, scope_id) where scope_id > 0;
create or replace function metric_step_pairs(user_ids bigint[], profile_ids bigint[]) returns table (scope_id bigint, subject_id bigint)
  language sql stable as $$
  select 0, id from unnest(user_ids) as id
  union
  select 0, user_id from roles where profile_id = any(profile_ids)
  union
  select seller.provider_id, subscription.profile_id
  from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    join metric_federation_members seller on seller.seller_id = plan.profile_id
  where subscription.profile_id = any(profile_ids)
  union
  select steps.scope_id, steps.subject_id from metric_steps steps
  where steps.subject_id = any(profile_ids) and steps.scope_id > 0
$$;

-- Renewals move the end of a subscription, which leaves the users without one as they are.
drop trigger subscriptions_step_changed on subscriptions;
create trigger subscriptions_step_changed after update on subscriptions for each row
  when ((old.profile_id, old.plan_id, old.created_at, old.ends_at, old.grant_key is null, old.request_key is null)
    is distinct from (new.profile_id, new.plan_id, new.created_at, new.ends_at, new.grant_key is null, new.request_key is null))
  execute function note_step_subscription();

-- Members of federations at an instant: profiles with a subscription to the provider that have plans themselves.
create function federation_member_rows(instant timestamptz) returns table (provider_id bigint, member_id bigint)
  language sql stable as $$
  select distinct plan.profile_id, seller.id
  from (select distinct profile_id as id from plans) seller
    join subscriptions subscription on subscription.profile_id = seller.id
    join plans plan on plan.id = subscription.plan_id
  where subscription.ends_at >= instant and subscription.grant_key is null and subscription.request_key is null
$$;

-- Follows members that joined or left; the job of the totals calls it. Returns the number of sellers that changed.
create function follow_metric_federations(instant timestamptz default now()) returns integer language plpgsql as $$
declare
  followed integer;
  provider_ids bigint[];
  seller_ids bigint[];
begin
  perform pg_advisory_xact_lock(7302609);
  with member as materialized (
    select * from federation_member_rows(instant)
  ), wanted as materialized (
    select provider_id, member_id as seller_id, true as is_member from member
    union all
    select distinct provider_id, provider_id, false from member
    where provider_id not in (select own.provider_id from member own where own.member_id = own.provider_id)
  ), changed as materialized (
    select provider_id, seller_id, wanted.is_member
    from wanted full join metric_federation_members stored using (provider_id, seller_id)
    where wanted.is_member is distinct from stored.is_member
  ), removed as (
    delete from metric_federation_members where (provider_id, seller_id) in (
      select provider_id, seller_id from changed where is_member is null)
  ), added as (
    insert into metric_federation_members as seller (provider_id, seller_id, is_member)
      select provider_id, seller_id, is_member from changed where is_member is not null order by 1, 2
    on conflict (provider_id, seller_id) do update set is_member = excluded.is_member
  )
  select count(*), array_agg(provider_id), array_agg(seller_id) into followed, provider_ids, seller_ids from changed;
  if followed > 0 then
    perform write_metric_steps(array_agg(provider_id), array_agg(profile_id))
      from (
        select distinct given.provider_id, subscription.profile_id
        from unnest(provider_ids, seller_ids) as given (provider_id, seller_id)
          join plans plan on plan.profile_id = given.seller_id
          join subscriptions subscription on subscription.plan_id = plan.id
      ) pair having count(*) > 0;
  end if;
  return followed;
end $$;

create or replace view metric_step_subjects as
  select 0::bigint as scope_id, id as subject_id from users
  union all
  select distinct seller.provider_id, subscription.profile_id
  from metric_federation_members seller join plans plan on plan.profile_id = seller.seller_id
    join subscriptions subscription on subscription.plan_id = plan.id;

create or replace function rebuild_metric_steps() returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7302609);
  delete from metric_step_changes;
  delete from metric_steps;
  delete from metric_step_sums;
  delete from metric_registered_users;
  delete from metric_federation_members;
  perform write_metric_steps(array_agg(scope_id), array_agg(subject_id)) from metric_step_subjects having count(*) > 0;
  perform follow_metric_federations();
end $$;

select follow_metric_federations();
