-- The list of the charges of a provider is read from its table alone: the customer and the reference stand in it, and each order of
-- the list has an index. Before, the rows were joined with all charges, and every order but the one by time sorted all of them.

-- The rows are those of charge_items and charges: the table is made anew, its keys and indexes after the rows.
drop table seller_charges;
create table seller_charges (
  charge_id bigint not null,
  provider_id bigint not null,
  profile_id bigint not null,
  processor_key text not null,
  created_at timestamptz not null,
  state text not null check (state in ('created', 'done', 'failed', 'disputed')),
  unit text not null,
  amount bigint not null,
  lines_count integer not null,
  title text not null
);
comment on table seller_charges is 'Written by the triggers of charge_items and charges.';
comment on column seller_charges.profile_id is 'The customer of the charge.';
comment on column seller_charges.processor_key is 'Of the charge.';
comment on column seller_charges.created_at is 'Of the charge, as the state and the unit.';
comment on column seller_charges.amount is 'Sum of the lines of the provider, in 1/100 of the unit of the charge.';
comment on column seller_charges.lines_count is 'Lines of the provider.';
comment on column seller_charges.title is 'Of the first line of the provider; empty for charges of the first version.';
insert into seller_charges
    (charge_id, provider_id, profile_id, processor_key, created_at, state, unit, amount, lines_count, title)
  select charge.id, item.provider_id, charge.profile_id, charge.processor_key, charge.created_at, charge.state, charge.unit,
    sum(item.amount), count(*), (array_agg(item.title order by item.rank))[1]
  from charge_items item join charges charge on charge.id = item.charge_id
  group by charge.id, item.provider_id
  order by charge.id;
alter table seller_charges add primary key (charge_id, provider_id),
  add foreign key (charge_id) references charges on delete cascade,
  add foreign key (provider_id) references profiles on delete restrict,
  add foreign key (profile_id) references profiles on delete restrict;

create or replace function add_seller_charges() returns trigger language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
  insert into seller_charges as sold
      (charge_id, provider_id, profile_id, processor_key, created_at, state, unit, amount, lines_count, title)
    select item.charge_id, item.provider_id, charge.profile_id, charge.processor_key, charge.created_at, charge.state, charge.unit,
      item.amount, item.lines_count, item.title
    from (
        select charge_id, provider_id, sum(amount) as amount, count(*) as lines_count, (array_agg(title order by rank))[1] as title
        from added group by charge_id, provider_id
      ) item
      cross join lateral (select profile_id, processor_key, created_at, state, unit from charges where charges.id = item.charge_id
        limit 1) charge
    on conflict (charge_id, provider_id) do update
      set amount = sold.amount + excluded.amount, lines_count = sold.lines_count + excluded.lines_count;
  return null;
end $$;

create index seller_charges_provider_id on seller_charges (provider_id, created_at desc, charge_id desc);
-- The other states are few.
create index seller_charges_not_done on seller_charges (provider_id, state, created_at desc, charge_id desc) where state <> 'done';
-- Each order ends with the instant and the charge, in its own direction, so that one index serves both directions.
create index seller_charges_amount on seller_charges (provider_id, amount, created_at, charge_id);
create index seller_charges_title on seller_charges (provider_id, left(title, 200), created_at, charge_id);
-- One customer after the other.
create index seller_charges_profile_id on seller_charges (provider_id, profile_id, created_at, charge_id);

-- The searched texts, as in 0112, and the references of the charges of a provider.
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
  execute format('create index if not exists seller_charges_text on seller_charges
    using gin ((title || '' '' || processor_key) %s.gin_trgm_ops)', home);
  return true;
end $$;
select create_text_indexes();
