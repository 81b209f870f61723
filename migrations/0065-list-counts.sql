-- Counts of long lists without reading their rows. Both kinds are exact in the snapshot of the reader.

-- 0. GET /api/users lists a contact unless it has a user, or a user has its slug as username or has verified its address.
alter table contacts add column is_listed boolean not null default true;
comment on column contacts.is_listed is 'False for a person whom the directory lists as a user. Triggers of contacts and users keep it.';

create function is_contact_listed(the_user_id bigint, the_slug text, the_email text) returns boolean language sql volatile as $$
  select the_user_id is null
    and not exists (select from users where username = the_slug)
    and not exists (select from users where lower(email) = lower(the_email) and email_verified_at is not null)
$$;

-- Transactions that write a user and a contact of one name or address wait for one another, so that one of them sees both rows.
-- Names share 1024 locks: an import of many rows must not exhaust the memory of locks.
create function lock_directory_names(names text[]) returns void language sql volatile as $$
  select pg_advisory_xact_lock(7302606, lock)
  from (select distinct hashtext(lower(name)) & 1023 as lock from unnest(names) as name where name is not null order by 1) ordered
$$;

create function list_contact() returns trigger language plpgsql as $$
begin
  perform lock_directory_names(array[new.slug, new.email]);
  new.is_listed := is_contact_listed(new.user_id, new.slug, new.email);
  return new;
end $$;
create trigger contacts_list_added before insert on contacts for each row execute function list_contact();
create trigger contacts_list_changed before update on contacts for each row
  when ((old.user_id, old.slug, old.email) is distinct from (new.user_id, new.slug, new.email)) execute function list_contact();

create function list_contacts_of_user() returns trigger language plpgsql as $$
declare
  slugs text[] := array_remove(array[
    case when tg_op <> 'DELETE' then new.username end, case when tg_op <> 'INSERT' then old.username end], null);
  emails text[] := array_remove(array[
    case when tg_op <> 'DELETE' then lower(new.email) end, case when tg_op <> 'INSERT' then lower(old.email) end], null);
begin
  perform lock_directory_names(slugs || emails);
  -- Indexes: contacts_slug_key, contacts_email. Two statements, so that each uses its own.
  update contacts set is_listed = not is_listed
    where slug = any(slugs) and is_listed <> is_contact_listed(user_id, slug, email);
  update contacts set is_listed = not is_listed
    where lower(email) = any(emails) and is_listed <> is_contact_listed(user_id, slug, email);
  return null;
end $$;
create trigger users_list_contacts_added after insert on users for each row execute function list_contacts_of_user();
create trigger users_list_contacts_removed after delete on users for each row execute function list_contacts_of_user();
create trigger users_list_contacts_changed after update on users for each row
  when ((old.username, old.email, old.email_verified_at is null) is distinct from (new.username, new.email, new.email_verified_at is null))
  execute function list_contacts_of_user();

-- 1. Tables whose rows change seldom: each change appends a row, which a job adds to the total. Rows that are appended do not
-- wait for one another, as updates of one total would.
create table row_counts (
  name text primary key,
  rows_count bigint not null
);
create table row_count_changes (
  id bigint generated always as identity primary key,
  name text not null,
  change bigint not null
);
comment on table row_counts is 'Number of rows by name of a list; the number now is this plus all rows of row_count_changes.';

create function count_of(list text) returns bigint language sql stable as $$
  select coalesce((select rows_count from row_counts where name = list), 0)
    + coalesce((select sum(change) from row_count_changes where name = list), 0)::bigint
$$;

-- Adds the changes to the totals; returns how many.
create function fold_row_counts() returns integer language plpgsql as $$
declare
  folded integer;
begin
  with taken as (
    delete from row_count_changes where id in (
      select id from row_count_changes order by id limit 100000 for update skip locked
    ) returning name, change
  ), summed as (
    insert into row_counts as total (name, rows_count) select name, sum(change) from taken group by name order by name
    on conflict (name) do update set rows_count = total.rows_count + excluded.rows_count
  )
  select count(*) into folded from taken;
  return folded;
end $$;

-- Counts the rows of a statement: those in which a column is true (arguments: name of the list, column), and all rows under the
-- third argument, unless it is empty.
create function count_written_rows() returns trigger language plpgsql as $$
declare
  sign integer := case when tg_op = 'DELETE' then -1 else 1 end;
  true_rows bigint;
  all_rows bigint;
begin
  execute format('select count(*) filter (where %I), count(*) from written', tg_argv[1]) into true_rows, all_rows;
  insert into row_count_changes (name, change)
    select list, sign * rows_count from (values (tg_argv[0], true_rows), (tg_argv[2], all_rows)) as counted (list, rows_count)
    where list <> '' and rows_count > 0;
  return null;
end $$;
create function count_changed_row() returns trigger language plpgsql as $$
declare
  is_true boolean;
begin
  execute format('select ($1).%I', tg_argv[1]) into is_true using new;
  insert into row_count_changes (name, change) values (tg_argv[0], case when is_true then 1 else -1 end);
  return null;
end $$;
create trigger profiles_count_added after insert on profiles referencing new table as written
  for each statement execute function count_written_rows('profiles_active', 'is_active', 'profiles');
create trigger profiles_count_removed after delete on profiles referencing old table as written
  for each statement execute function count_written_rows('profiles_active', 'is_active', 'profiles');
create trigger profiles_count_changed after update on profiles
  for each row when (old.is_active <> new.is_active) execute function count_changed_row('profiles_active', 'is_active', 'profiles');
create trigger users_count_added after insert on users referencing new table as written
  for each statement execute function count_written_rows('users_active', 'is_active', '');
create trigger users_count_removed after delete on users referencing old table as written
  for each statement execute function count_written_rows('users_active', 'is_active', '');
create trigger users_count_changed after update on users
  for each row when (old.is_active <> new.is_active) execute function count_changed_row('users_active', 'is_active', '');
create trigger contacts_count_added after insert on contacts referencing new table as written
  for each statement execute function count_written_rows('contacts_listed', 'is_listed', '');
create trigger contacts_count_removed after delete on contacts referencing old table as written
  for each statement execute function count_written_rows('contacts_listed', 'is_listed', '');
create trigger contacts_count_changed after update on contacts
  for each row when (old.is_listed <> new.is_listed) execute function count_changed_row('contacts_listed', 'is_listed', '');

-- 2. Tables whose rows are never removed or changed in a counted column: totals of the rows up to an id, to which the reader adds
-- the rows above it. Writers pay nothing.
create table row_totals_state (
  source text primary key,
  last_id bigint not null default 0,
  next_id bigint,
  writers text
);
comment on column row_totals_state.last_id is 'Rows up to this id are in the totals.';
comment on column row_totals_state.next_id is 'Rows up to this id are added when the transactions of writers have ended: none can then insert one any more.';
comment on column row_totals_state.writers is 'Virtual ids of the transactions that could insert rows when next_id was read, separated by commas.';

-- Highest id in the totals of a table.
create function totalled_until(the_source text) returns bigint language sql stable as $$
  select last_id from row_totals_state where source = the_source
$$;

create table charge_totals (
  unit text primary key,
  rows_count bigint not null,
  amount numeric not null
);
create table ledger_entry_totals (
  orig_account text not null,
  dest_account text not null,
  orig_unit text not null,
  dest_unit text not null,
  rows_count bigint not null,
  orig_amount numeric not null,
  dest_amount numeric not null,
  primary key (orig_account, dest_account, orig_unit, dest_unit)
);

create function add_to_totals(the_source text, after_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  if the_source = 'charges' then
    insert into charge_totals as total
      select unit, count(*), sum(amount) from charges where id > after_id and id <= until_id group by unit
    on conflict (unit) do update
      set rows_count = total.rows_count + excluded.rows_count, amount = total.amount + excluded.amount;
  else
    insert into ledger_entry_totals as total
      select orig_account, dest_account, orig_unit, dest_unit, count(*), sum(orig_amount), sum(dest_amount)
      from ledger_entries where id > after_id and id <= until_id group by orig_account, dest_account, orig_unit, dest_unit
    on conflict (orig_account, dest_account, orig_unit, dest_unit) do update
      set rows_count = total.rows_count + excluded.rows_count, orig_amount = total.orig_amount + excluded.orig_amount,
        dest_amount = total.dest_amount + excluded.dest_amount;
  end if;
end $$;

-- Adds the rows that were chosen at an earlier call and are complete by now, then chooses the next. Returns true if it added rows.
-- The value of the sequence is at least the id of every row that exists or is being inserted, and a transaction locks the table
-- before it takes an id.
create function advance_totals(the_source text) returns boolean language plpgsql as $$
declare
  state row_totals_state;
  highest bigint;
  added boolean := false;
begin
  select * into state from row_totals_state where source = the_source for update skip locked;
  if not found then
    return false;
  end if;
  if state.next_id is not null then
    if exists (select from pg_locks where virtualtransaction = any(string_to_array(state.writers, ','))) then
      return false;
    end if;
    perform add_to_totals(the_source, state.last_id, state.next_id);
    added := state.next_id > state.last_id;
    state.last_id := state.next_id;
  end if;
  execute format('select case when is_called then last_value else 0 end from %s', pg_get_serial_sequence(the_source, 'id')) into highest;
  update row_totals_state set last_id = state.last_id, next_id = highest, writers = (
      select string_agg(distinct virtualtransaction, ',') from pg_locks
      where relation = the_source::regclass and database = (select oid from pg_database where datname = current_database())
        and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
    where source = the_source;
  return added;
end $$;

-- Counts everything anew. Locks out writers until the transaction ends.
create function rebuild_list_counts() returns void language plpgsql as $$
begin
  lock table users, profiles, contacts, charges, ledger_entries in share row exclusive mode;
  update contacts set is_listed = not is_listed
    where is_listed <> (user_id is null and not exists (select from users where username = contacts.slug)
      and not exists (select from users where lower(users.email) = lower(contacts.email) and email_verified_at is not null));
  delete from row_count_changes;
  delete from row_counts;
  insert into row_counts values
    ('profiles', (select count(*) from profiles)),
    ('profiles_active', (select count(*) from profiles where is_active)),
    ('users_active', (select count(*) from users where is_active)),
    ('contacts_listed', (select count(*) from contacts where is_listed));
  delete from charge_totals;
  delete from ledger_entry_totals;
  delete from row_totals_state;
  insert into row_totals_state (source, last_id) values
    ('charges', (select coalesce(max(id), 0) from charges)),
    ('ledger_entries', (select coalesce(max(id), 0) from ledger_entries));
  perform add_to_totals(source, 0, last_id) from row_totals_state;
end $$;

-- Counts and totals that differ from the rows, in the snapshot of the reader.
create function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  with lists (name, expected, found) as (
    values ('profiles', (select count(*) from profiles), count_of('profiles')),
      ('profiles_active', (select count(*) from profiles where is_active), count_of('profiles_active')),
      ('users_active', (select count(*) from users where is_active), count_of('users_active')),
      ('contacts_listed', (
        select count(*) from contacts where user_id is null
          and not exists (select from users where username = contacts.slug)
          and not exists (select from users where lower(users.email) = lower(contacts.email) and email_verified_at is not null)
      ), count_of('contacts_listed')),
      ('charges', (select count(*) from charges), (
        select coalesce(sum(rows_count), 0)::bigint from charge_totals
      ) + (select count(*) from charges where id > totalled_until('charges'))),
      ('ledger_entries', (select count(*) from ledger_entries), (
        select coalesce(sum(rows_count), 0)::bigint from ledger_entry_totals
      ) + (select count(*) from ledger_entries where id > totalled_until('ledger_entries')))
  )
  select * from lists where lists.expected <> lists.found
$$;
select rebuild_list_counts();
