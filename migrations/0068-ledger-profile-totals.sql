-- 1. GET /api/billing/{profile}/receivables and …/transfers: counts and sums without reading the entries. As the totals of all
-- entries: of those up to an id, to which the reader adds the entries above it. Writers pay nothing.
create view ledger_profile_postings as
  select entry.id, entry.created_at, posting.profile_id, posting.list, posting.unit, posting.rows_count, posting.amount
  from ledger_entries entry cross join lateral (values
      (dest_profile_id, 'funds', dest_unit, 1, dest_amount, dest_account = 'Funds'),
      (dest_profile_id, 'funds', orig_unit, 0, 0, dest_account = 'Funds'),
      (orig_profile_id, 'funds', orig_unit,
        case when dest_account = 'Funds' and dest_profile_id = orig_profile_id then 0 else 1 end, -orig_amount, orig_account = 'Funds'),
      (orig_profile_id, 'funds', dest_unit, 0, 0, orig_account = 'Funds'),
      (orig_profile_id, 'sales', orig_unit, 1, orig_amount,
        orig_account = 'Receivable' and dest_account <> 'Canceled' and orig_amount > 0),
      (orig_profile_id, 'sales', dest_unit, 0, 0,
        orig_account = 'Receivable' and dest_account <> 'Canceled' and orig_amount > 0)
    ) as posting (profile_id, list, unit, rows_count, amount, is_listed)
  where posting.is_listed;
comment on view ledger_profile_postings is
  'List sales: from Receivable to another account than Canceled. List funds: to or from Funds; an entry counts once. Each entry has a row for both of its units.';

create table ledger_profile_totals (
  profile_id bigint not null,
  list text not null check (list in ('sales', 'funds')),
  unit text not null,
  rows_count bigint not null,
  sides_count bigint not null,
  amount numeric not null,
  primary key (profile_id, list, unit)
);
comment on table ledger_profile_totals is 'Sums of ledger_profile_postings up to totalled_until(''ledger_entries'').';
comment on column ledger_profile_totals.sides_count is 'Number of postings; 0 after a subtraction if no entry has the unit.';

create or replace function add_to_totals(the_source text, after_id bigint, until_id bigint) returns void language plpgsql as $$
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
    insert into ledger_profile_totals as total
      select profile_id, list, unit, sum(rows_count), count(*), sum(amount)
      from ledger_profile_postings where id > after_id and id <= until_id group by profile_id, list, unit
    on conflict (profile_id, list, unit) do update
      set rows_count = total.rows_count + excluded.rows_count, sides_count = total.sides_count + excluded.sides_count,
        amount = total.amount + excluded.amount;
  end if;
end $$;

-- Never back: rows that were restored with their ids may be above the sequence.
alter table row_totals_state add constraint row_totals_state_ascends check (next_id >= last_id);
create or replace function advance_totals(the_source text) returns boolean language plpgsql as $$
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
  update row_totals_state set last_id = state.last_id, next_id = greatest(state.last_id, highest), writers = (
      select string_agg(distinct virtualtransaction, ',') from pg_locks
      where relation = the_source::regclass and database = (select oid from pg_database where datname = current_database())
        and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
    where source = the_source;
  return added;
end $$;

create or replace function rebuild_list_counts() returns void language plpgsql as $$
begin
  -- The job that advances the totals waits.
  lock table row_totals_state in exclusive mode;
  delete from ledger_profile_totals;
  perform rebuild_row_counts();
  perform rebuild_subscription_counts();
end $$;

-- Totals that differ from the entries, in the snapshot of the reader; the first 100.
create function ledger_profile_total_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select format('%s of profile %s in %s: %s', list, profile_id, unit, kind),
    coalesce(sum(expected), 0)::bigint, coalesce(sum(found), 0)::bigint
  from (
    select profile_id, list, unit, rows_count, amount, true as is_expected, id > totalled_until('ledger_entries') as is_found
      from ledger_profile_postings
    union all
    select profile_id, list, unit, rows_count, amount, false, true from ledger_profile_totals
  ) posting cross join lateral (values
    ('rows', case when is_expected then rows_count end, case when is_found then rows_count end),
    ('amount', case when is_expected then amount end, case when is_found then amount end)
  ) as side (kind, expected, found)
  group by profile_id, list, unit, kind
  having coalesce(sum(expected), 0) <> coalesce(sum(found), 0) limit 100
$$;
create or replace function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from row_count_errors() union all select * from subscription_count_errors()
  union all select * from ledger_profile_total_errors()
$$;
select rebuild_list_counts();

-- 2. ledger_balances.sold_amount has no reader: the sum of the sales is in the totals above.
create or replace function ledger_rebuild_balances() returns void language plpgsql
  set tollgate.rebuilds_ledger_balances = 'on' as $$
declare
  named text;
begin
  lock table ledger_entries in share row exclusive mode;
  delete from ledger_balances;
  delete from ledger_subject_balances;
  insert into ledger_balances (profile_id, account, unit, amount)
    select profile_id, account, unit, amount from ledger_account_sums order by profile_id, account, unit;
  insert into ledger_subject_balances
    (subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until)
    select subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until
    from ledger_subject_sums;
  insert into changes (kind, subject) values ('all', '');
exception when numeric_value_out_of_range then
  select string_agg(format('profile %s, account %s: %s %s', profile_id, account, amount, unit), E'\n')
    into named
    from (select * from ledger_account_sums where abs(amount) > 9223372036854775807
      order by profile_id, account, unit limit 100) sums;
  raise exception E'balances that exceed the range of bigint; nothing was changed\n%', named
    using errcode = 'numeric_value_out_of_range';
end $$;

create or replace function ledger_entries_project() returns trigger language plpgsql as $$
begin
  -- A stripe that another transaction has locked is skipped: the accounts of a provider, the broker or the processor
  -- would otherwise serialize all their sales. Nothing waits, so that the order of accounts cannot deadlock.
  with sums as (
    select posting.profile_id, account, unit, sum(amount) as amount
    from posted cross join lateral (values
      (dest_profile_id, dest_account, dest_unit, dest_amount),
      (orig_profile_id, orig_account, orig_unit, -orig_amount)
    ) as posting (profile_id, account, unit, amount)
    group by posting.profile_id, account, unit
  ), stripes as materialized (
    select sums.*, stripe.id
    from sums left join lateral (
      select balance.id from ledger_balances balance
      where (balance.profile_id, balance.account, balance.unit) = (sums.profile_id, sums.account, sums.unit)
        and sums.amount <> 0
      order by balance.id limit 1 for no key update skip locked
    ) stripe on true
  ), added as (
    update ledger_balances balance
    set amount = balance.amount + stripes.amount
    from stripes where balance.id = stripes.id
  )
  insert into ledger_balances (profile_id, account, unit, amount)
    select profile_id, account, unit, amount from stripes
    where id is null and (amount <> 0 or not exists (
      select from ledger_balances balance
      where (balance.profile_id, balance.account, balance.unit) = (stripes.profile_id, stripes.account, stripes.unit)));

  -- Posts on one subject are serialized until commit, in any unit, so that open_until takes all of them into account.
  -- Locks are taken in one order. Subjects share 1024 locks: a statement about many subjects must not exhaust their memory.
  perform pg_advisory_xact_lock(7302605, lock)
    from (
      select distinct hashtext(subject_kind || subject_id) & 1023 as lock from posted
      where subject_kind is not null and (dest_account in ('Payable', 'Receivable', 'Canceled') or orig_account = 'Payable')
      order by lock
    ) locks;
  if not found then return null; end if;

  with sums as materialized (
    select subject_kind, subject_id, subject_part, unit, profile_id, sum(amount) as amount,
      min(ordered_at) as ordered_at, max(settled_at) as settled_at
    from posted cross join lateral (values
      (dest_unit, null::bigint, case when dest_account = 'Payable' then dest_amount else -dest_amount end,
        null::timestamptz, created_at, dest_account = 'Payable' or (orig_account = 'Backlog' and dest_account = 'Receivable')
        or (orig_account = 'Receivable' and dest_account = 'Canceled')),
      (dest_unit, dest_profile_id, dest_amount, created_at, null, dest_account = 'Payable'),
      (orig_unit, orig_profile_id, -orig_amount, null, null, orig_account = 'Payable')
    ) as posting (unit, profile_id, amount, ordered_at, settled_at, is_counted)
    where subject_kind is not null and is_counted
    group by subject_kind, subject_id, subject_part, unit, profile_id
  ), noted as (
    insert into changes (kind, subject)
    select distinct 'owing', subject_kind || ':' || subject_id from sums where amount <> 0
  )
  insert into ledger_subject_balances as balance
    (subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until)
    select subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, ordered_at from sums
    on conflict (subject_kind, subject_id, subject_part, unit, profile_id) do update
    set amount = balance.amount + excluded.amount,
      ordered_at = least(balance.ordered_at, excluded.ordered_at),
      settled_at = greatest(balance.settled_at, excluded.settled_at),
      open_until = coalesce(balance.open_until, excluded.open_until);

  update ledger_subject_balances balance set open_until = due.open_until
  from (
    select subject_kind, subject_id, subject_part,
      case when bool_or(amount <> 0) then 'infinity' else max(settled_at) end as open_until
    from ledger_subject_balances
    where profile_id is null and (subject_kind, subject_id) in (select subject_kind, subject_id from posted)
    group by subject_kind, subject_id, subject_part
  ) due
  where (balance.subject_kind, balance.subject_id) = (due.subject_kind, due.subject_id)
    and balance.subject_part is not distinct from due.subject_part
    and balance.ordered_at is not null and balance.open_until <> due.open_until;
  return null;
end $$;

drop view ledger_account_sums;
create view ledger_account_sums as
  select posting.profile_id, account, unit, sum(amount) as amount
  from ledger_entries cross join lateral (values
    (dest_profile_id, dest_account, dest_unit, dest_amount),
    (orig_profile_id, orig_account, orig_unit, -orig_amount)
  ) as posting (profile_id, account, unit, amount)
  group by posting.profile_id, account, unit;
alter table ledger_balances drop column sold_amount;
