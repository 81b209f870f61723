-- Orders of up to 10,000 seats: each line of a paid charge has up to six entries in the event of the charge.

drop view ledger_event_texts;
alter table ledger_entries alter column rank type integer;
-- The view of 0074, unchanged: the text of a rank does not depend on its type.
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

-- As in 0074, once for each event of the statement: the text of an event of 50,000 entries was built for each of them.
create or replace function ledger_event_is_open() returns trigger language plpgsql as $$
declare
  closed_id bigint;
begin
  select posted.ledger_event_id into closed_id
    from (select distinct ledger_event_id from posted) posted
      left join ledger_events event on event.id = posted.ledger_event_id
      left join ledger_event_hashes hashed on hashed.ledger_event_id = posted.ledger_event_id
    where event.xmin is distinct from pg_current_xact_id()::xid
      or case when hashed.hash is null then false else hashed.hash <> (
        select sha256(convert_to(text, 'UTF8')) from ledger_event_texts texts
        where texts.ledger_event_id = posted.ledger_event_id) end
    limit 1;
  if found then
    raise exception 'ledger event % is closed', closed_id using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
