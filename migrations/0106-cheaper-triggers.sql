-- The triggers that every checkout runs: statements that are planned once per connection, and a short way for the
-- change of a subscription that is most frequent. The rules are those of 0067 and 0076.

-- One statement for one event and for many. The number of ids would make the server plan the statement at each commit,
-- which took longer than its execution.
create or replace function ledger_event_balances() returns trigger language plpgsql
  set plan_cache_mode = force_generic_plan as $$
declare
  ids bigint[];
begin
  if exists (select from ledger_event_hashes where ledger_event_id = new.id) then
    return null;
  end if;
  -- The trigger of the first event of a statement hashes those with the next ids too; the triggers of these find their hash.
  ids := array(select id from ledger_events
    where id >= new.id and id < new.id + 256 and xmin = pg_current_xact_id()::xid);
  with hashed as (
    insert into ledger_event_hashes (ledger_event_id, version, hash)
    select event.ledger_event_id, 1, sha256(convert_to(event.text, 'UTF8'))
    from unnest(ids) as given (id)
      -- The limit keeps the way by the keys: without it the planner may join whole tables.
      cross join lateral (select * from ledger_event_texts texts where texts.ledger_event_id = given.id limit 1) event
    on conflict (ledger_event_id) do nothing
    returning ledger_event_id
  )
  insert into ledger_unsealed_events (ledger_event_id) select ledger_event_id from hashed;
  if not exists (select from ledger_event_hashes where ledger_event_id = new.id) then
    raise exception 'ledger event % has no entry', new.key using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- The texts of events are compared only if one of them is hashed.
create or replace function ledger_event_is_open() returns trigger language plpgsql as $$
declare
  closed_id bigint;
begin
  perform from (select distinct ledger_event_id as id from posted) posted
      left join lateral (select xmin from ledger_events where ledger_events.id = posted.id limit 1) event on true
    where event.xmin is distinct from pg_current_xact_id()::xid
      or exists (select from ledger_event_hashes where ledger_event_id = posted.id)
    limit 1;
  if not found then
    return null;
  end if;
  select posted.ledger_event_id into closed_id
    from (select distinct ledger_event_id from posted) posted
      left join lateral (select xmin from ledger_events where id = posted.ledger_event_id limit 1) event on true
      left join lateral (
        select hash from ledger_event_hashes hashes where hashes.ledger_event_id = posted.ledger_event_id limit 1
      ) hashed on true
    where event.xmin is distinct from pg_current_xact_id()::xid
      or hashed.hash <> (select sha256(convert_to(text, 'UTF8')) from ledger_event_texts texts
        where texts.ledger_event_id = posted.ledger_event_id)
    limit 1;
  if found then
    raise exception 'ledger event % is closed', closed_id using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

-- Moves the end of the only subscription of a profile at a provider: its span is the time of the subscription. Returns
-- false, without an effect, in any other case. The caller has locked the profile.
create function move_end_of_span(given subscriptions, from_ends_at timestamptz) returns boolean language plpgsql as $$
declare
  the_provider_id bigint;
  from_day date := subscription_day(from_ends_at);
  to_day date := subscription_day(given.ends_at);
begin
  select plans.profile_id into the_provider_id from plans
    where plans.id = given.plan_id and exists (select from profiles where id = given.profile_id and is_active)
      and not exists (
        select from subscriptions other join plans other_plan on other_plan.id = other.plan_id
        where other.profile_id = given.profile_id and other.id <> given.id and other_plan.profile_id = plans.profile_id);
  if not found then
    return false;
  end if;
  update subscriber_spans set ends_at = given.ends_at
    where provider_id = the_provider_id and profile_id = given.profile_id and starts_at = given.created_at
      and ends_at = from_ends_at and is_first;
  if not found then
    return false;
  end if;
  if from_day <> to_day then
    insert into subscription_day_changes (list, scope_id, day, begun_count, ended_count, first_count)
      values ('plan', given.plan_id, from_day, 0, -1, 0), ('plan', given.plan_id, to_day, 0, 1, 0),
        ('provider', the_provider_id, from_day, 0, -1, 0), ('provider', the_provider_id, to_day, 0, 1, 0);
  end if;
  return true;
end $$;

create or replace function count_subscription() returns trigger language plpgsql as $$
begin
  perform from profiles where id in (old.profile_id, new.profile_id) order by id for no key update;
  if tg_op = 'UPDATE' and new.grant_key is null
    and (old.profile_id, old.plan_id, old.created_at, old.grant_key)
      is not distinct from (new.profile_id, new.plan_id, new.created_at, new.grant_key)
    and new.ends_at > new.created_at and old.ends_at > old.created_at then
    if move_end_of_span(new, old.ends_at) then
      return null;
    end if;
  end if;
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
