-- The number of charges of each provider, for its list: the charges up to an id, to which the reader adds those above it, as in 0065.

-- The job that advances the totals waits.
lock table row_totals_state in exclusive mode;
create table seller_charge_totals (
  provider_id bigint primary key references profiles on delete cascade,
  rows_count bigint not null
);
comment on table seller_charge_totals is 'Rows of seller_charges up to totalled_until(''charges'').';
insert into seller_charge_totals (provider_id, rows_count)
  select provider_id, count(*) from seller_charges where charge_id <= totalled_until('charges') group by provider_id;

create or replace function add_to_totals(the_source text, after_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  if the_source = 'charges' then
    insert into charge_totals as total
      select unit, count(*), sum(amount) from charges where id > after_id and id <= until_id group by unit
    on conflict (unit) do update
      set rows_count = total.rows_count + excluded.rows_count, amount = total.amount + excluded.amount;
    insert into seller_charge_totals as total
      select provider_id, count(*) from seller_charges where charge_id > after_id and charge_id <= until_id group by provider_id
    on conflict (provider_id) do update set rows_count = total.rows_count + excluded.rows_count;
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
    perform add_to_metrics(after_id, until_id);
  end if;
end $$;

create or replace function rebuild_list_counts() returns void language plpgsql as $$
begin
  -- The job that advances the totals waits.
  lock table row_totals_state in exclusive mode;
  delete from seller_charge_totals;
  perform rebuild_list_counts_without_debts();
  perform rebuild_metric_debts();
end $$;

-- Totals that differ from the rows, in the snapshot of the reader; the first 100.
create function seller_charge_total_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select format('charges of provider %s', provider_id), sum(expected)::bigint, sum(found)::bigint
  from (
    select provider_id, 1 as expected, case when charge_id > totalled_until('charges') then 1 else 0 end as found from seller_charges
    union all
    select provider_id, 0, rows_count from seller_charge_totals
  ) counted
  group by provider_id having sum(expected) <> sum(found) limit 100
$$;
create or replace function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from row_count_errors() union all select * from subscription_count_errors()
  union all select * from ledger_profile_total_errors() union all select * from seller_charge_total_errors()
$$;
