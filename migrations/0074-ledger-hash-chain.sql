-- Each ledger event gets a SHA-256 hash over all columns of its rows, in its transaction. A job seals the hashes into one
-- chain. docs/decisions/0069-ledger-hash-chain.md defines both forms.

-- Events that other processes post meanwhile wait for the end of this migration; reading continues.
lock table ledger_events, ledger_entries in share row exclusive mode;

-- Version 1 of the canonical form: one line of JSON for the event, one for each entry by rank. JSON escapes line breaks.
create view ledger_event_texts as
  select event.id as ledger_event_id,
    json_build_array('tollgate ledger event', 1, event.id, event.key, event.kind,
      (extract(epoch from event.created_at) * 1000000)::bigint, event.is_exchange_balanced, event.receipt_key)::text
    || string_agg(E'\n' || json_build_array(entry.rank, entry.id,
      (extract(epoch from entry.created_at) * 1000000)::bigint, entry.description,
      entry.subject_kind, entry.subject_id, entry.subject_part,
      entry.orig_profile_id, entry.orig_account, entry.orig_amount, entry.orig_unit,
      entry.dest_profile_id, entry.dest_account, entry.dest_amount, entry.dest_unit)::text, '' order by entry.rank) as text
  from ledger_events event join ledger_entries entry on entry.ledger_event_id = event.id
  group by event.id;
comment on view ledger_event_texts is 'Canonical text of each ledger event, version 1. Instants in microseconds since 1970 (UTC).';

create table ledger_event_hashes (
  ledger_event_id bigint primary key,
  version smallint not null,
  hash bytea not null check (octet_length(hash) = 32)
);
comment on table ledger_event_hashes is 'SHA-256 of the canonical text of each ledger event, inserted at its commit by a trigger. Append-only.';
comment on column ledger_event_hashes.version is 'Version of the canonical text; 1: ledger_event_texts.';

create table ledger_unsealed_events (
  ledger_event_id bigint not null,
  queued_at timestamptz not null default clock_timestamp()
);
comment on table ledger_unsealed_events is
  'Events whose hash is in no seal yet. Rows appear at the commit of their event, in any order of ids; ledger_seal_events removes them.';
comment on column ledger_unsealed_events.queued_at is 'By the clock of the database, as sealed_at of the seals.';

create table ledger_seals (
  id bigint primary key,
  sealed_at timestamptz not null,
  event_ids bigint[] not null check (cardinality(event_ids) > 0),
  previous_hash bytea not null check (octet_length(previous_hash) = 32),
  hash bytea not null check (octet_length(hash) = 32)
);
comment on table ledger_seals is 'Chain of the site over the hashes of ledger events, from 1 without gaps. Append-only.';
comment on column ledger_seals.event_ids is 'Events of the seal, in its order.';
comment on column ledger_seals.previous_hash is 'Hash of the seal before; 32 zero bytes for the first.';
comment on column ledger_seals.hash is 'SHA-256 of the canonical text of the seal.';

-- Canonical text of a seal, version 1: one line of JSON for the seal, one for each of its events.
create function ledger_seal_text(seal_id bigint, at timestamptz, ids bigint[], previous_hash bytea) returns text
  language sql stable as $$
  select json_build_array('tollgate ledger seal', 1, seal_id, encode(previous_hash, 'hex'),
      (extract(epoch from at) * 1000000)::bigint, cardinality(ids))::text
    || coalesce(string_agg(E'\n' || json_build_array(ledger_event_id, hashed.version, encode(hashed.hash, 'hex'))::text, ''
      order by place), '')
  from unnest(ids) with ordinality as sealed (ledger_event_id, place)
    join ledger_event_hashes hashed using (ledger_event_id)
$$;

-- At commit each event has at least one entry, and its hash is stored. Nothing here waits for another transaction.
create or replace function ledger_event_balances() returns trigger language plpgsql as $$
begin
  with hashed as (
    insert into ledger_event_hashes (ledger_event_id, version, hash)
    select ledger_event_id, 1, sha256(convert_to(text, 'UTF8')) from ledger_event_texts where ledger_event_id = new.id
    returning ledger_event_id
  )
  insert into ledger_unsealed_events (ledger_event_id) select ledger_event_id from hashed;
  if not found then
    raise exception 'ledger event % has no entry', new.key using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- An event is closed once its hash is stored, which `set constraints … immediate` does before the commit.
create or replace function ledger_event_is_open() returns trigger language plpgsql as $$
declare
  closed_id bigint;
begin
  select posted.ledger_event_id into closed_id
    from posted left join ledger_events event on event.id = posted.ledger_event_id
      left join ledger_event_hashes hashed on hashed.ledger_event_id = posted.ledger_event_id
    where event.xmin is distinct from pg_current_xact_id()::xid
      or hashed.hash <> (select sha256(convert_to(text, 'UTF8')) from ledger_event_texts texts
        where texts.ledger_event_id = posted.ledger_event_id)
    limit 1;
  if found then
    raise exception 'ledger event % is closed', closed_id using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

-- Appends one seal over up to events_max events that wait; returns their number. Nodes that seal at the same time do not
-- wait for one another: all but one return 0. Posting takes no lock that this function takes.
create function ledger_seal_events(events_max integer) returns integer language plpgsql
  set tollgate.seals_ledger = 'on' as $$
declare
  ids bigint[];
  last ledger_seals;
  seal_id bigint;
begin
  if not pg_try_advisory_xact_lock(7302605074) then
    return 0;
  end if;
  with taken as (
    delete from ledger_unsealed_events
    where ctid = any(array(select ctid from ledger_unsealed_events order by ledger_event_id limit events_max))
    returning ledger_event_id
  )
  select array_agg(ledger_event_id order by ledger_event_id) into ids from taken;
  if ids is null then
    return 0;
  end if;
  select * into last from ledger_seals order by id desc limit 1;
  seal_id := coalesce(last.id, 0) + 1;
  insert into ledger_seals (id, sealed_at, event_ids, previous_hash, hash)
    select seal_id, at, ids, previous_hash, sha256(convert_to(ledger_seal_text(seal_id, at, ids, previous_hash), 'UTF8'))
    from (select clock_timestamp() as at, coalesce(last.hash, decode(repeat('00', 32), 'hex')) as previous_hash) head;
  return cardinality(ids);
end $$;

-- Events of earlier versions.
insert into ledger_event_hashes (ledger_event_id, version, hash)
  select ledger_event_id, 1, sha256(convert_to(text, 'UTF8')) from ledger_event_texts;
insert into ledger_unsealed_events (ledger_event_id) select ledger_event_id from ledger_event_hashes;
do $$ begin while ledger_seal_events(10000) > 0 loop end loop; end $$;

create trigger ledger_event_hashes_append_only before update or delete on ledger_event_hashes
  for each row execute function ledger_is_append_only();
create trigger ledger_event_hashes_no_truncate before truncate on ledger_event_hashes
  for each statement execute function ledger_is_append_only();
create trigger ledger_seals_append_only before update or delete on ledger_seals
  for each row execute function ledger_is_append_only();
create trigger ledger_seals_no_truncate before truncate on ledger_seals
  for each statement execute function ledger_is_append_only();

-- Hashes are inserted by the trigger on ledger_events, seals by ledger_seal_events, which also empties the queue.
create function ledger_chain_is_derived() returns trigger language plpgsql as $$
begin
  if current_setting('tollgate.seals_ledger', true) is distinct from 'on' then
    raise exception 'the hash chain of the ledger is derived from its entries: % on % refused', tg_op, tg_table_name
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger ledger_event_hashes_derived before insert on ledger_event_hashes
  for each statement when (pg_trigger_depth() < 1) execute function ledger_chain_is_derived();
create trigger ledger_seals_derived before insert on ledger_seals
  for each statement when (pg_trigger_depth() < 1) execute function ledger_chain_is_derived();
create trigger ledger_unsealed_events_derived before insert or update or delete or truncate on ledger_unsealed_events
  for each statement when (pg_trigger_depth() < 1) execute function ledger_chain_is_derived();

-- seal_ledger runs every two seconds.
comment on column outbox_events.schedule is
  'Cron expression in UTC of a scheduled job, with five fields, or six of which the first has the seconds. Its only row moves from one occurrence to the next.';
