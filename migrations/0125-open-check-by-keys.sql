-- The check of open events finds the hash of each event by its key. As a condition behind `or`, the search for a hash
-- was planned as a hash of the whole table, which each posting read: 1 us for each event that was ever posted.
create or replace function ledger_event_is_open() returns trigger language plpgsql as $$
declare
  closed_id bigint;
begin
  perform from (select distinct ledger_event_id as id from posted) posted
      left join lateral (select xmin from ledger_events where ledger_events.id = posted.id limit 1) event on true
      left join lateral (
        select true as is_hashed from ledger_event_hashes where ledger_event_id = posted.id limit 1
      ) hashed on true
    where event.xmin is distinct from pg_current_xact_id()::xid or hashed.is_hashed
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
