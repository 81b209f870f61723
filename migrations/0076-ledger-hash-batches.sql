-- The events of a transaction are hashed together, and the check of open events reads by the keys of its tables.

-- The trigger of the first event of a statement hashes those with the next ids too; the triggers of these find their hash.
create or replace function ledger_event_balances() returns trigger language plpgsql as $$
declare
  more_ids bigint[];
begin
  if exists (select from ledger_event_hashes where ledger_event_id = new.id) then
    return null;
  end if;
  more_ids := array(select id from ledger_events
    where id > new.id and id < new.id + 256 and xmin = pg_current_xact_id()::xid);
  -- Two statements: the plan for one event is kept, the plan for many is made for their number.
  if cardinality(more_ids) = 0 then
    with hashed as (
      insert into ledger_event_hashes (ledger_event_id, version, hash)
      select ledger_event_id, 1, sha256(convert_to(text, 'UTF8')) from ledger_event_texts where ledger_event_id = new.id
      returning ledger_event_id
    )
    insert into ledger_unsealed_events (ledger_event_id) select ledger_event_id from hashed;
  else
    with hashed as (
      insert into ledger_event_hashes (ledger_event_id, version, hash)
      select ledger_event_id, 1, sha256(convert_to(text, 'UTF8')) from ledger_event_texts
      where ledger_event_id = any(new.id || more_ids)
      on conflict (ledger_event_id) do nothing
      returning ledger_event_id
    )
    insert into ledger_unsealed_events (ledger_event_id) select ledger_event_id from hashed;
  end if;
  if not exists (select from ledger_event_hashes where ledger_event_id = new.id) then
    raise exception 'ledger event % has no entry', new.key using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- The number of posted rows is unknown to the planner: a join would read whole tables for one event.
create or replace function ledger_event_is_open() returns trigger language plpgsql as $$
declare
  closed_id bigint;
begin
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
