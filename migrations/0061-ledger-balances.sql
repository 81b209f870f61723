-- Balances of the ledger become rows that are written with the entries, so that reading one does not sum all entries.

-- Entries that other processes post meanwhile wait for the end of this migration; reading continues.
lock table ledger_entries in share row exclusive mode;

-- Newest first: unpaid orders of a subject, and entries after an instant.
drop index ledger_entries_subject;
create index ledger_entries_subject on ledger_entries (subject_kind, subject_id, created_at, id);

create table ledger_balances (
  id bigint generated always as identity primary key,
  profile_id bigint not null,
  account text not null,
  unit text not null,
  amount bigint not null,
  sold_amount bigint not null
) with (fillfactor = 50);
create index ledger_balances_account on ledger_balances (profile_id, account, unit, id);
comment on table ledger_balances is
  'Projection of ledger_entries: balance of each account of each profile in each unit, in stripes. A transaction adds to a stripe that no other transaction has locked, or inserts one, so that posting does not wait here. The balance is the sum of the stripes.';
comment on column ledger_balances.amount is 'Received less sent, in 1/100 of the unit.';
comment on column ledger_balances.sold_amount is
  'Account Receivable: sent to accounts other than Canceled, in 1/100 of the unit. Other accounts: 0.';

create table ledger_subject_balances (
  subject_kind text not null,
  subject_id text not null,
  subject_part text,
  unit text not null,
  profile_id bigint,
  amount bigint not null,
  ordered_at timestamptz,
  settled_at timestamptz,
  open_until timestamptz,
  unique nulls not distinct (subject_kind, subject_id, subject_part, unit, profile_id),
  check ((ordered_at is null) = (open_until is null))
) with (fillfactor = 70);
create index ledger_subject_balances_open on ledger_subject_balances (profile_id, open_until) where ordered_at is not null;
comment on table ledger_subject_balances is
  'Projection of ledger_entries by subject and unit: without a profile the amount due on the subject, with a profile its Payable.';
comment on column ledger_subject_balances.profile_id is 'Owner of the Payable. Null: the row has the amount due on the subject.';
comment on column ledger_subject_balances.amount is
  'In 1/100 of the unit. Amount due: orders less payments and write-offs. Payable: received less sent.';
comment on column ledger_subject_balances.ordered_at is 'Instant of the first order of the profile on the subject. Null: none.';
comment on column ledger_subject_balances.settled_at is
  'Instant of the last order, payment or write-off on the subject; null on rows with a profile.';
comment on column ledger_subject_balances.open_until is
  'On rows with an order. Infinity while an amount is due on the subject in any unit; else an instant from which on nothing is due.';

-- What the entries add to the projection. They fill and verify it; ledger_entries_project applies the same rules.
create view ledger_account_sums as
  select posting.profile_id, account, unit, sum(amount) as amount, sum(sold_amount) as sold_amount
  from ledger_entries cross join lateral (values
    (dest_profile_id, dest_account, dest_unit, dest_amount, 0),
    (orig_profile_id, orig_account, orig_unit, -orig_amount,
      case when orig_account = 'Receivable' and dest_account <> 'Canceled' then orig_amount else 0 end)
  ) as posting (profile_id, account, unit, amount, sold_amount)
  group by posting.profile_id, account, unit;

create view ledger_subject_sums as
  with sums as (
    select subject_kind, subject_id, subject_part, unit, profile_id, sum(amount) as amount,
      min(ordered_at) as ordered_at, max(settled_at) as settled_at
    from ledger_entries cross join lateral (values
      (dest_unit, null::bigint, case when dest_account = 'Payable' then dest_amount else -dest_amount end,
        null::timestamptz, created_at, dest_account = 'Payable' or (orig_account = 'Backlog' and dest_account = 'Receivable')
        or (orig_account = 'Receivable' and dest_account = 'Canceled')),
      (dest_unit, dest_profile_id, dest_amount, created_at, null, dest_account = 'Payable'),
      (orig_unit, orig_profile_id, -orig_amount, null, null, orig_account = 'Payable')
    ) as posting (unit, profile_id, amount, ordered_at, settled_at, is_counted)
    where subject_kind is not null and is_counted
    group by subject_kind, subject_id, subject_part, unit, profile_id
  )
  select *, case when ordered_at is null then null
      when bool_or(profile_id is null and amount <> 0) over subject then 'infinity'
      else max(settled_at) over subject end as open_until
  from sums window subject as (partition by subject_kind, subject_id, subject_part);

-- The projection is derived: only the trigger on ledger_entries and the function below write it.
create function ledger_balances_are_derived() returns trigger language plpgsql as $$
begin
  if current_setting('tollgate.rebuilds_ledger_balances', true) is distinct from 'on' then
    raise exception 'the balances of the ledger are derived from its entries: % on % refused', tg_op, tg_table_name
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger ledger_balances_derived before insert or update or delete or truncate on ledger_balances
  for each statement when (pg_trigger_depth() < 1) execute function ledger_balances_are_derived();
create trigger ledger_subject_balances_derived before insert or update or delete or truncate on ledger_subject_balances
  for each statement when (pg_trigger_depth() < 1) execute function ledger_balances_are_derived();

-- Writes the projection anew from all entries. Posting waits meanwhile; processes read their cached facts again.
create function ledger_rebuild_balances() returns void language plpgsql
  set tollgate.rebuilds_ledger_balances = 'on' as $$
declare
  named text;
begin
  lock table ledger_entries in share row exclusive mode;
  delete from ledger_balances;
  delete from ledger_subject_balances;
  insert into ledger_balances (profile_id, account, unit, amount, sold_amount)
    select profile_id, account, unit, amount, sold_amount from ledger_account_sums order by profile_id, account, unit;
  insert into ledger_subject_balances
    (subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until)
    select subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until
    from ledger_subject_sums;
  insert into changes (kind, subject) values ('all', '');
exception when numeric_value_out_of_range then
  select string_agg(format('profile %s, account %s: %s %s', profile_id, account, amount, unit), E'\n')
    into named
    from (select * from ledger_account_sums where abs(amount) > 9223372036854775807 or abs(sold_amount) > 9223372036854775807
      order by profile_id, account, unit limit 100) sums;
  raise exception E'balances that exceed the range of bigint; nothing was changed\n%', named
    using errcode = 'numeric_value_out_of_range';
end $$;

select ledger_rebuild_balances();

-- Adds the entries of one statement to the projection. All writers of ledger_entries pass here.
create function ledger_entries_project() returns trigger language plpgsql as $$
begin
  -- A stripe that another transaction has locked is skipped: the accounts of a provider, the broker or the processor
  -- would otherwise serialize all their sales. Nothing waits, so that the order of accounts cannot deadlock.
  with sums as (
    select posting.profile_id, account, unit, sum(amount) as amount, sum(sold_amount) as sold_amount
    from posted cross join lateral (values
      (dest_profile_id, dest_account, dest_unit, dest_amount, 0),
      (orig_profile_id, orig_account, orig_unit, -orig_amount,
        case when orig_account = 'Receivable' and dest_account <> 'Canceled' then orig_amount else 0 end)
    ) as posting (profile_id, account, unit, amount, sold_amount)
    group by posting.profile_id, account, unit
  ), stripes as materialized (
    select sums.*, stripe.id
    from sums left join lateral (
      select balance.id from ledger_balances balance
      where (balance.profile_id, balance.account, balance.unit) = (sums.profile_id, sums.account, sums.unit)
        and (sums.amount, sums.sold_amount) <> (0, 0)
      order by balance.id limit 1 for no key update skip locked
    ) stripe on true
  ), added as (
    update ledger_balances balance
    set amount = balance.amount + stripes.amount, sold_amount = balance.sold_amount + stripes.sold_amount
    from stripes where balance.id = stripes.id
  )
  insert into ledger_balances (profile_id, account, unit, amount, sold_amount)
    select profile_id, account, unit, amount, sold_amount from stripes
    where id is null and ((amount, sold_amount) <> (0, 0) or not exists (
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
create trigger ledger_entries_project after insert on ledger_entries referencing new table as posted
  for each statement execute function ledger_entries_project();
