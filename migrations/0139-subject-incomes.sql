-- What income can be taken from, by subject: recognition read all entries of a subject to sum them, so that its cost grew
-- with the orders of a subscription.
create table ledger_subject_incomes (
  subject_kind text not null,
  subject_id text not null,
  subject_part text,
  unit text not null,
  backlog bigint not null,
  due bigint not null,
  canceled bigint not null,
  advanced bigint not null,
  income bigint not null,
  is_converted boolean not null,
  has_write_off boolean not null,
  unique nulls not distinct (subject_kind, subject_id, subject_part, unit)
) with (fillfactor = 80);
comment on table ledger_subject_incomes is 'Sums of the entries on subscriptions and seats by unit, kept by a trigger.';
comment on column ledger_subject_incomes.backlog is 'Payments that are not earned yet; < 0 if more was earned.';
comment on column ledger_subject_incomes.due is 'Orders less payments, write-offs and credit notes against debts.';
comment on column ledger_subject_incomes.canceled is 'Write-offs less what reversals took back of them.';
comment on column ledger_subject_incomes.advanced is 'Income taken from Receivable that no payment returned to Backlog.';
comment on column ledger_subject_incomes.income is 'Recognised income.';
comment on column ledger_subject_incomes.is_converted is 'True if the processor converted a payment to or from the unit.';
comment on column ledger_subject_incomes.has_write_off is 'True if a part was written off, ever: what it took of earned income is read from the entries.';

create view ledger_subject_income_sums as
  select subject_kind, subject_id, subject_part, posting.unit,
    coalesce(sum(amount) filter (where fact = 'backlog'), 0)::bigint as backlog,
    coalesce(sum(amount) filter (where fact in ('order', 'credit', 'payment', 'cancel', 'reopen')), 0)::bigint as due,
    coalesce(sum(case fact when 'cancel' then -amount else amount end) filter (where fact in ('cancel', 'uncanceled')),
      0)::bigint as canceled,
    coalesce(sum(amount) filter (where fact in ('advance', 'reopen', 'reversed', 'uncanceled')), 0)::bigint as advanced,
    coalesce(sum(amount) filter (where fact = 'income'), 0)::bigint as income,
    bool_or(orig_unit <> dest_unit) as is_converted, bool_or(fact = 'cancel') as has_write_off
  from ledger_entries entry
  left join ledger_events reversal on reversal.id = ledger_event_id and reversal.kind = 'reversal'
  cross join lateral (values
    ('order', dest_unit, dest_amount, orig_account = 'Receivable' and dest_account = 'Payable'),
    ('credit', orig_unit, -orig_amount, orig_account = 'Payable' and dest_account = 'Receivable'),
    ('payment', dest_unit, -dest_amount, orig_account = 'Backlog' and dest_account = 'Receivable'),
    ('cancel', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Canceled'),
    ('reopen', dest_unit, dest_amount, orig_account = 'Liability' and dest_account = 'Payable'),
    ('uncanceled', dest_unit, -dest_amount, orig_account = 'Canceled' and dest_account = 'Receivable'),
    ('reversed', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Backlog' and reversal.id is not null),
    ('income', orig_unit, orig_amount, orig_account = 'Income'),
    ('income', dest_unit, -dest_amount, dest_account = 'Income'),
    ('advance', dest_unit, dest_amount, orig_account = 'Income' and dest_account = 'Receivable'),
    ('advance', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Backlog' and reversal.id is null),
    ('backlog', dest_unit, -dest_amount, dest_account = 'Backlog' and orig_unit = dest_unit),
    ('backlog', orig_unit, orig_amount, orig_account = 'Backlog' and orig_unit = dest_unit),
    ('backlog', orig_unit, 0, orig_account = 'Backlog' and orig_unit <> dest_unit)
  ) as posting (fact, unit, amount, is_counted)
  where is_counted and subject_kind in ('sub', 'cpn')
  group by subject_kind, subject_id, subject_part, posting.unit;

create function ledger_entries_sum_incomes() returns trigger language plpgsql as $$
begin
  -- Rows are locked in one order. The posts on one subject wait for each other until commit.
  insert into ledger_subject_incomes as kept
    select subject_kind, subject_id, subject_part, posting.unit,
      coalesce(sum(amount) filter (where fact = 'backlog'), 0)::bigint as backlog,
      coalesce(sum(amount) filter (where fact in ('order', 'credit', 'payment', 'cancel', 'reopen')), 0)::bigint as due,
      coalesce(sum(case fact when 'cancel' then -amount else amount end) filter (where fact in ('cancel', 'uncanceled')),
        0)::bigint as canceled,
      coalesce(sum(amount) filter (where fact in ('advance', 'reopen', 'reversed', 'uncanceled')), 0)::bigint as advanced,
      coalesce(sum(amount) filter (where fact = 'income'), 0)::bigint as income,
      bool_or(orig_unit <> dest_unit) as is_converted, bool_or(fact = 'cancel') as has_write_off
    from posted entry
    left join ledger_events reversal on reversal.id = ledger_event_id and reversal.kind = 'reversal'
    cross join lateral (values
      ('order', dest_unit, dest_amount, orig_account = 'Receivable' and dest_account = 'Payable'),
      ('credit', orig_unit, -orig_amount, orig_account = 'Payable' and dest_account = 'Receivable'),
      ('payment', dest_unit, -dest_amount, orig_account = 'Backlog' and dest_account = 'Receivable'),
      ('cancel', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Canceled'),
      ('reopen', dest_unit, dest_amount, orig_account = 'Liability' and dest_account = 'Payable'),
      ('uncanceled', dest_unit, -dest_amount, orig_account = 'Canceled' and dest_account = 'Receivable'),
      ('reversed', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Backlog' and reversal.id is not null),
      ('income', orig_unit, orig_amount, orig_account = 'Income'),
      ('income', dest_unit, -dest_amount, dest_account = 'Income'),
      ('advance', dest_unit, dest_amount, orig_account = 'Income' and dest_account = 'Receivable'),
      ('advance', orig_unit, -orig_amount, orig_account = 'Receivable' and dest_account = 'Backlog' and reversal.id is null),
      ('backlog', dest_unit, -dest_amount, dest_account = 'Backlog' and orig_unit = dest_unit),
      ('backlog', orig_unit, orig_amount, orig_account = 'Backlog' and orig_unit = dest_unit),
      ('backlog', orig_unit, 0, orig_account = 'Backlog' and orig_unit <> dest_unit)
    ) as posting (fact, unit, amount, is_counted)
    where is_counted and subject_kind in ('sub', 'cpn')
    group by subject_kind, subject_id, subject_part, posting.unit
    order by subject_kind, subject_id, subject_part, unit
  on conflict (subject_kind, subject_id, subject_part, unit) do update
  set backlog = kept.backlog + excluded.backlog, due = kept.due + excluded.due,
    canceled = kept.canceled + excluded.canceled, advanced = kept.advanced + excluded.advanced,
    income = kept.income + excluded.income, is_converted = kept.is_converted or excluded.is_converted,
    has_write_off = kept.has_write_off or excluded.has_write_off;
  return null;
end $$;
create trigger ledger_entries_sum_incomes after insert on ledger_entries referencing new table as posted
  for each statement execute function ledger_entries_sum_incomes();

insert into ledger_subject_incomes select * from ledger_subject_income_sums;
create trigger ledger_subject_incomes_derived before insert or update or delete or truncate on ledger_subject_incomes
  for each statement when (pg_trigger_depth() < 1) execute function ledger_balances_are_derived();

create or replace function ledger_rebuild_balances() returns void language plpgsql
  set tollgate.rebuilds_ledger_balances = 'on' as $$
declare
  named text;
begin
  lock table ledger_entries in share row exclusive mode;
  delete from ledger_balances;
  delete from ledger_subject_balances;
  delete from ledger_subject_incomes;
  insert into ledger_balances (profile_id, account, unit, amount)
    select profile_id, account, unit, amount from ledger_account_sums order by profile_id, account, unit;
  insert into ledger_subject_balances
    (subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until)
    select subject_kind, subject_id, subject_part, unit, profile_id, amount, ordered_at, settled_at, open_until
    from ledger_subject_sums;
  insert into ledger_subject_incomes select * from ledger_subject_income_sums;
  insert into changes (kind, subject) values ('all', '');
exception when numeric_value_out_of_range then
  select string_agg(format('profile %s, account %s: %s %s', profile_id, account, amount, unit), E'\n')
    into named
    from (select * from ledger_account_sums where abs(amount) > 9223372036854775807
      order by profile_id, account, unit limit 100) sums;
  raise exception E'balances that exceed the range of bigint; nothing was changed\n%', named
    using errcode = 'numeric_value_out_of_range';
end $$;
