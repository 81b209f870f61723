-- The charges of each provider, for its list of charges: one row for each provider with lines on a charge. Without it, the
-- order by time would need the lines of all charges of the provider.

create table seller_charges (
  charge_id bigint not null references charges on delete cascade,
  provider_id bigint not null references profiles on delete restrict,
  created_at timestamptz not null,
  state text not null,
  unit text not null,
  amount bigint not null,
  lines_count integer not null,
  title text not null,
  primary key (charge_id, provider_id)
);
comment on table seller_charges is 'Written by the triggers of charge_items and charges.';
comment on column seller_charges.created_at is 'Of the charge, as the state and the unit.';
comment on column seller_charges.amount is 'Sum of the lines of the provider, in 1/100 of the unit of the charge.';
comment on column seller_charges.lines_count is 'Lines of the provider.';
comment on column seller_charges.title is 'Of the first line of the provider; empty for charges of the first version.';
create index seller_charges_provider_id on seller_charges (provider_id, created_at desc, charge_id desc);
-- The other states are few.
create index seller_charges_not_done on seller_charges (provider_id, state, created_at desc, charge_id desc) where state <> 'done';

-- The limit keeps the way by the key: the planner does not know how few lines a statement inserts.
create function add_seller_charges() returns trigger language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
  insert into seller_charges as sold (charge_id, provider_id, created_at, state, unit, amount, lines_count, title)
    select item.charge_id, item.provider_id, charge.created_at, charge.state, charge.unit, item.amount, item.lines_count, item.title
    from (
        select charge_id, provider_id, sum(amount) as amount, count(*) as lines_count, (array_agg(title order by rank))[1] as title
        from added group by charge_id, provider_id
      ) item
      cross join lateral (select created_at, state, unit from charges where charges.id = item.charge_id limit 1) charge
    on conflict (charge_id, provider_id) do update
      set amount = sold.amount + excluded.amount, lines_count = sold.lines_count + excluded.lines_count;
  return null;
end $$;
create trigger add_seller_charges after insert on charge_items referencing new table as added
  for each statement execute function add_seller_charges();

create function move_seller_charges() returns trigger language plpgsql as $$
begin
  update seller_charges set state = new.state where charge_id = new.id;
  return null;
end $$;
create trigger move_seller_charges after update of state on charges
  for each row when (old.state is distinct from new.state) execute function move_seller_charges();

insert into seller_charges (charge_id, provider_id, created_at, state, unit, amount, lines_count, title)
  select item.charge_id, item.provider_id, charge.created_at, charge.state, charge.unit, sum(item.amount), count(*),
    (array_agg(item.title order by item.rank))[1]
  from charge_items item join charges charge on charge.id = item.charge_id
  group by item.charge_id, item.provider_id, charge.created_at, charge.state, charge.unit;

-- The searched texts, as in 0064, and the titles.
create or replace function create_text_indexes() returns boolean language plpgsql as $$
declare
  home text;
begin
  select quote_ident(nspname) into home
    from pg_extension join pg_namespace on pg_namespace.oid = extnamespace where extname = 'pg_trgm';
  if home is null then
    return false;
  end if;
  -- Lists of profiles and subscribers; charges, transactions and subscriptions by the names of profiles.
  execute format('create index if not exists profiles_names_text on profiles
    using gin ((slug || '' '' || full_name) %s.gin_trgm_ops)', home);
  execute format('create index if not exists profiles_address_text on profiles
    using gin ((email || '' '' || phone || '' '' || street_address || '' '' || locality || '' '' || region || '' '' || postal_code
      || '' '' || country) %s.gin_trgm_ops)', home);
  -- The directory and the suggestions of users.
  execute format('create index if not exists users_text on users
    using gin ((username || '' '' || full_name || '' '' || coalesce(email, '''')) %s.gin_trgm_ops)', home);
  execute format('create index if not exists contacts_text on contacts
    using gin ((slug || '' '' || full_name || '' '' || coalesce(email, '''')) %s.gin_trgm_ops)', home);
  -- Charges, and transactions by their descriptions.
  execute format('create index if not exists charges_text on charges
    using gin ((description || '' '' || processor_key) %s.gin_trgm_ops)', home);
  execute format('create index if not exists ledger_entries_text on ledger_entries using gin (description %s.gin_trgm_ops)', home);
  -- Lists of the charges of one provider.
  execute format('create index if not exists seller_charges_text on seller_charges using gin (title %s.gin_trgm_ops)', home);
  return true;
end $$;
select create_text_indexes();
