-- Indexes for searches of a part of a text, where the server has the extension pg_trgm and allows to create it. Without it, a
-- search reads every row of its table: docs/operating/running.md.

do $$
begin
  create extension if not exists pg_trgm;
exception when others then
  raise notice 'searches use no index: pg_trgm cannot be created (%)', sqlerrm;
end $$;

-- Creates the indexes if the extension exists; true then. An operator who creates the extension later calls it. The texts are
-- those of the stores, character for character: each contains all columns that a list searches.
create function create_text_indexes() returns boolean language plpgsql as $$
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
  return true;
end $$;
select create_text_indexes();
