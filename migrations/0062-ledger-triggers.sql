-- The checks of the ledger read less: one query per statement or event, with the same rules and errors.

-- Was one query per entry. After the statement, so that one statement may insert an event with its entries.
drop trigger ledger_entries_event_is_open on ledger_entries;
create or replace function ledger_event_is_open() returns trigger language plpgsql as $$
declare
  closed_id bigint;
begin
  select posted.ledger_event_id into closed_id
    from posted left join ledger_events event on event.id = posted.ledger_event_id
    where event.xmin is distinct from pg_current_xact_id()::xid limit 1;
  if found then
    raise exception 'ledger event % is closed', closed_id using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger ledger_entries_event_is_open after insert on ledger_entries referencing new table as posted
  for each statement execute function ledger_event_is_open();

-- Was two scans of the event's entries for each conversion.
create or replace function ledger_conversion_balances() returns trigger language plpgsql as $$
declare
  off_unit text;
begin
  select unit into off_unit
    from ledger_entries cross join lateral (values (dest_unit, dest_amount), (orig_unit, -orig_amount)) as posting (unit, amount)
    where ledger_event_id = new.ledger_event_id
    group by unit having sum(amount) <> 0 order by unit limit 1;
  if off_unit is not null then
    raise exception 'ledger event % does not balance in %',
      (select key from ledger_events where id = new.ledger_event_id), off_unit using errcode = 'check_violation';
  end if;
  return null;
end $$;
