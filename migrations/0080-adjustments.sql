-- Write-offs, payments received outside of the site, and uses that are billed later.

create table adjustments (
  id bigint generated always as identity primary key,
  key text not null unique check (key ~ '^[0-9a-f]{40}$'),
  kind text not null check (kind in ('write_off', 'offline_payment', 'import')),
  profile_id bigint not null references profiles on delete restrict,
  provider_id bigint not null references profiles on delete restrict,
  amount bigint not null check (amount > 0),
  unit text not null check (unit ~ '^[a-z]{3}$'),
  description text not null check (char_length(description) <= 500),
  request_key text,
  created_by bigint references users on delete set null,
  created_at timestamptz not null,
  recorded_at timestamptz not null,
  reversed_by bigint references users on delete set null,
  reversed_at timestamptz,
  unique (request_key, provider_id, unit)
);
create index adjustments_provider_id on adjustments (provider_id, recorded_at desc, id desc);
create index adjustments_profile_id on adjustments (profile_id);
create index adjustments_created_by on adjustments (created_by) where created_by is not null;
create index adjustments_reversed_by on adjustments (reversed_by) where reversed_by is not null;
comment on table adjustments is
  'Changes of an amount due that no processor made. Each has one ledger event, and a second one once it is reversed.';
comment on column adjustments.key is 'Name of the row in addresses and in the keys of its ledger events.';
comment on column adjustments.profile_id is 'The payer.';
comment on column adjustments.amount is 'In 1/100 of the unit.';
comment on column adjustments.request_key is 'Idempotency key of the request; null without one.';
comment on column adjustments.created_at is 'Instant of the ledger event; an imported payment may lie in the past.';

create table billed_uses (
  id bigint generated always as identity primary key,
  key text not null unique,
  subscription_id bigint not null references subscriptions on delete restrict,
  use_charge_id bigint not null references use_charges on delete restrict,
  quantity bigint not null check (quantity > 0),
  billed_quantity bigint not null check (billed_quantity between 0 and quantity),
  ledger_entry_id bigint references ledger_entries on delete restrict,
  created_by bigint references users on delete set null,
  created_at timestamptz not null
);
create index billed_uses_subscription_id on billed_uses (subscription_id, created_at);
create index billed_uses_use_charge_id on billed_uses (use_charge_id);
create index billed_uses_ledger_entry_id on billed_uses (ledger_entry_id) where ledger_entry_id is not null;
create index billed_uses_created_by on billed_uses (created_by) where created_by is not null;
comment on table billed_uses is 'Uses that a request recorded once, free ones included.';
comment on column billed_uses.key is 'Idempotency key of the request; random without one.';
comment on column billed_uses.ledger_entry_id is 'The order of the billed uses; null if all were free.';

-- An order that is taken back (Payable → Receivable) lowers the amount due on its subject. No earlier entry has this form.
create or replace view ledger_subject_sums as
  with sums as (
    select subject_kind, subject_id, subject_part, unit, profile_id, sum(amount) as amount,
      min(ordered_at) as ordered_at, max(settled_at) as settled_at
    from ledger_entries cross join lateral (values
      (dest_unit, null::bigint, case when dest_account = 'Payable' then dest_amount else -dest_amount end,
        null::timestamptz, created_at, dest_account = 'Payable' or (orig_account = 'Backlog' and dest_account = 'Receivable')
        or (orig_account = 'Receivable' and dest_account = 'Canceled') or (orig_account = 'Payable' and dest_account = 'Receivable')),
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
        or (orig_account = 'Receivable' and dest_account = 'Canceled') or (orig_account = 'Payable' and dest_account = 'Receivable')),
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

-- A payment that is taken back (Receivable → Backlog) is no sale. No earlier entry has this form.
create or replace view ledger_profile_postings as
  select entry.id, entry.created_at, posting.profile_id, posting.list, posting.unit, posting.rows_count, posting.amount
  from ledger_entries entry cross join lateral (values
      (dest_profile_id, 'funds', dest_unit, 1, dest_amount, dest_account = 'Funds'),
      (dest_profile_id, 'funds', orig_unit, 0, 0, dest_account = 'Funds'),
      (orig_profile_id, 'funds', orig_unit,
        case when dest_account = 'Funds' and dest_profile_id = orig_profile_id then 0 else 1 end, -orig_amount, orig_account = 'Funds'),
      (orig_profile_id, 'funds', dest_unit, 0, 0, orig_account = 'Funds'),
      (orig_profile_id, 'sales', orig_unit, 1, orig_amount,
        orig_account = 'Receivable' and dest_account not in ('Canceled', 'Backlog') and orig_amount > 0),
      (orig_profile_id, 'sales', dest_unit, 0, 0,
        orig_account = 'Receivable' and dest_account not in ('Canceled', 'Backlog') and orig_amount > 0)
    ) as posting (profile_id, list, unit, rows_count, amount, is_listed)
  where posting.is_listed;
comment on view ledger_profile_postings is
  'List sales: from Receivable to another account than Canceled and Backlog. List funds: to or from Funds; an entry counts once. Each entry has a row for both of its units.';
