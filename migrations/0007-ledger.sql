-- Double entry: each row moves an amount out of (orig_profile, orig_account) into (dest_profile, dest_account).

create table ledger_events (
  id bigint generated always as identity primary key,
  key text not null unique check (char_length(key) between 1 and 255),
  kind text not null check (char_length(kind) <= 50),
  created_at timestamptz not null
);
comment on column ledger_events.key is 'Names the business event once for ever (order:12, charge:ch_x): posting it again collides instead of doubling.';

create table ledger_entries (
  id bigint generated always as identity primary key,
  ledger_event_id bigint not null references ledger_events on delete restrict,
  rank smallint not null,
  created_at timestamptz not null,
  description text not null default 'N/A',
  event_id text check (char_length(event_id) <= 100),
  orig_profile_id bigint not null references profiles on delete restrict,
  orig_account text not null,
  orig_amount bigint not null check (orig_amount >= 0),
  orig_unit text not null check (orig_unit ~ '^[a-z]{3}$'),
  dest_profile_id bigint not null references profiles on delete restrict,
  dest_account text not null,
  dest_amount bigint not null check (dest_amount >= 0),
  dest_unit text not null check (dest_unit ~ '^[a-z]{3}$'),
  unique (ledger_event_id, rank),
  -- Within one unit nothing is created or lost on the way; two units are a conversion, as the processor made it.
  check (orig_unit <> dest_unit or orig_amount = dest_amount),
  check (orig_profile_id <> dest_profile_id or orig_account <> dest_account),
  check (orig_account in ('Payable', 'Liability', 'Refunded', 'Canceled', 'settled', 'Receivable', 'Backlog', 'Income',
    'Expenses', 'Funds', 'Refund', 'Chargeback', 'Withdraw', 'Offline', 'Writeoff')),
  check (dest_account in ('Payable', 'Liability', 'Refunded', 'Canceled', 'settled', 'Receivable', 'Backlog', 'Income',
    'Expenses', 'Funds', 'Refund', 'Chargeback', 'Withdraw', 'Offline', 'Writeoff'))
);
create index ledger_entries_event_id on ledger_entries (event_id text_pattern_ops);
create index ledger_entries_orig on ledger_entries (orig_profile_id, orig_account, created_at, id);
create index ledger_entries_dest on ledger_entries (dest_profile_id, dest_account, created_at, id);
create index ledger_entries_created_at on ledger_entries (created_at, id);

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % on % refused', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each row execute function ledger_is_append_only();
create trigger ledger_entries_no_truncate before truncate on ledger_entries
  for each statement execute function ledger_is_append_only();
create trigger ledger_events_append_only before update or delete on ledger_events
  for each row execute function ledger_is_append_only();
create trigger ledger_events_no_truncate before truncate on ledger_events
  for each statement execute function ledger_is_append_only();

-- At commit each event holds at least one entry, its entries were all written with it, and it sums to zero per unit.
create function ledger_event_balances() returns trigger language plpgsql as $$
declare
  entries_count integer;
  off_unit text;
begin
  select count(*) into entries_count from ledger_entries where ledger_event_id = new.id;
  if entries_count = 0 then
    raise exception 'ledger event % has no entry', new.key using errcode = 'check_violation';
  end if;
  select unit into off_unit from (
    select dest_unit as unit, dest_amount as amount from ledger_entries where ledger_event_id = new.id and orig_unit = dest_unit
    union all
    select orig_unit, -orig_amount from ledger_entries where ledger_event_id = new.id and orig_unit = dest_unit
  ) postings group by unit having sum(amount) <> 0 limit 1;
  if off_unit is not null then
    raise exception 'ledger event % does not balance in %', new.key, off_unit using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_events_balance after insert on ledger_events
  deferrable initially deferred for each row execute function ledger_event_balances();

-- An entry belongs to an event of the same transaction: nobody adds to a closed event.
create function ledger_event_is_open() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from ledger_events where id = new.ledger_event_id and xmin::text = (pg_current_xact_id()::xid)::text) then
    raise exception 'ledger event % is closed', new.ledger_event_id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger ledger_entries_event_is_open before insert on ledger_entries
  for each row execute function ledger_event_is_open();
