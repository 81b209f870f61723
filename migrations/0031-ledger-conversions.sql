-- A conversion moves an amount of one unit and another amount of another unit. Alone it creates money in one unit and destroys
-- it in the other, so an event must now balance in each unit, conversions included: 1 usd that becomes 1,000,000 eur needs a
-- counter-account that gives 1,000,000 eur and one that takes 1 usd.

-- Events of earlier versions cannot be changed, so the rule is noted to begin here.
alter table ledger_events add column is_exchange_balanced boolean not null default false;
alter table ledger_events alter column is_exchange_balanced set default true;
alter table ledger_events add constraint ledger_events_exchange_balanced check (is_exchange_balanced) not valid;
comment on column ledger_events.is_exchange_balanced is 'False for events of versions that did not balance conversions; the constraint refuses new ones.';

-- An exchange within one account is a row of its own: what the account gave in one unit and got in another.
alter table ledger_entries drop constraint ledger_entries_check1;
alter table ledger_entries add constraint ledger_entries_moves
  check (orig_profile_id <> dest_profile_id or orig_account <> dest_account or orig_unit <> dest_unit);

-- Nothing to sum here: entries within one unit balance by their check constraint, the trigger below sums conversions.
create or replace function ledger_event_balances() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from ledger_entries where ledger_event_id = new.id) then
    raise exception 'ledger event % has no entry', new.key using errcode = 'check_violation';
  end if;
  return null;
end $$;

-- Fires for each conversion: with `set constraints … immediate` too, no later entry of the event goes unchecked.
create function ledger_conversion_balances() returns trigger language plpgsql as $$
declare
  off_unit text;
begin
  select unit into off_unit from (
    select dest_unit as unit, dest_amount as amount from ledger_entries where ledger_event_id = new.ledger_event_id
    union all
    select orig_unit, -orig_amount from ledger_entries where ledger_event_id = new.ledger_event_id
  ) postings group by unit having sum(amount) <> 0 order by unit limit 1;
  if off_unit is not null then
    raise exception 'ledger event % does not balance in %',
      (select key from ledger_events where id = new.ledger_event_id), off_unit using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_entries_balance after insert on ledger_entries
  deferrable initially deferred for each row when (new.orig_unit <> new.dest_unit)
  execute function ledger_conversion_balances();
