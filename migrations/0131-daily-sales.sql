-- Sales of a provider by day, besides weeks, months and years: a report by day no longer counts its orders.

alter table metric_customers drop constraint metric_customers_period_type_check,
  add constraint metric_customers_period_type_check check (period_type in ('daily', 'weekly', 'monthly', 'yearly'));

create or replace function metric_period(instant timestamptz, timezone text, the_type text) returns date
  language sql stable as $$
  select date_trunc(case the_type when 'daily' then 'day' when 'weekly' then 'week' when 'monthly' then 'month' else 'year' end,
    instant at time zone timezone)::date
$$;

create or replace function metric_next_period(period date, the_type text, step integer) returns date
  language sql immutable as $$
  select (period + step * case the_type when 'daily' then interval '1 day' when 'weekly' then interval '7 days'
    when 'monthly' then interval '1 month' else interval '1 year' end)::date
$$;

create or replace function metric_customer_changes(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, unit text, period_type text, period date, customer_id bigint, amount numeric)
  language sql stable as $$
  with zones as materialized (
    select id as provider_id, coalesce(zone.timezone, metric_timezone(default_timezone)) as timezone
    from profiles left join metric_zones zone on zone.provider_id = profiles.id
    where profiles.id in (
      select orig_profile_id from ledger_entries where id > after_id and id <= until_id
        and orig_account = 'Receivable' and dest_account = 'Payable' and orig_profile_id = coalesce(the_provider_id, orig_profile_id))
  )
  select orig_profile_id, dest_unit, kind.period_type, metric_period(created_at, zones.timezone, kind.period_type), dest_profile_id,
    sum(dest_amount)
  from ledger_entries join zones on zones.provider_id = orig_profile_id
    cross join (values ('daily'), ('weekly'), ('monthly'), ('yearly')) as kind (period_type)
  where id > after_id and id <= until_id and orig_account = 'Receivable' and dest_account = 'Payable'
  group by 1, 2, 3, 4, 5
$$;

-- What entries add to a period and to the one after it is summed before it is joined: the server expects few rows of a
-- common table, and would compare each of many orders with all others.
create or replace function metric_sale_changes(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, unit text, period_type text, period date, customers_count bigint, kept_count bigint,
    amount numeric, kept_amount numeric, kept_before_amount numeric) language sql stable as $$
  with added as materialized (
    select * from metric_customer_changes(after_id, until_id, the_provider_id)
  ), touched as (
    select part.provider_id, part.unit, part.period_type, part.customer_id, part.period, sum(part.own) as added,
      sum(part.former) as added_before
    from (
      select added.provider_id, added.unit, added.period_type, added.customer_id, added.period, added.amount as own, null::numeric as former
      from added
      union all
      select added.provider_id, added.unit, added.period_type, added.customer_id, metric_next_period(added.period, added.period_type, 1),
        null, added.amount
      from added
    ) as part group by 1, 2, 3, 4, 5
  ), states as (
    select touched.*, stored.amount as stored, before.amount as stored_before,
      coalesce(stored.amount + touched.added, stored.amount, touched.added) as wanted,
      coalesce(before.amount + touched.added_before, before.amount, touched.added_before) as wanted_before
    from touched
      left join metric_customers stored on (stored.provider_id, stored.unit, stored.period_type, stored.period, stored.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, touched.period, touched.customer_id)
      left join metric_customers before on (before.provider_id, before.unit, before.period_type, before.period, before.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, metric_next_period(touched.period, touched.period_type, -1),
          touched.customer_id)
  )
  select states.provider_id, states.unit, states.period_type, states.period,
    sum((wanted is not null)::int - (stored is not null)::int),
    sum((wanted is not null and wanted_before is not null)::int - (stored is not null and stored_before is not null)::int),
    sum(coalesce(wanted, 0) - coalesce(stored, 0)),
    sum(case when wanted_before is not null then coalesce(wanted, 0) else 0 end
      - case when stored_before is not null then coalesce(stored, 0) else 0 end),
    sum(case when wanted is not null then coalesce(wanted_before, 0) else 0 end
      - case when stored is not null then coalesce(stored_before, 0) else 0 end)
  from states group by 1, 2, 3, 4
$$;

-- The entries until then are in the other periods; later ones are added by the job, which waits.
lock table row_totals_state in exclusive mode;
insert into metric_customers (provider_id, unit, period_type, period, customer_id, amount)
  select * from metric_customer_changes(0, totalled_until('ledger_entries'), null) where period_type = 'daily';
analyze metric_customers;
insert into metric_sales (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount)
  select * from metric_sale_rows where period_type = 'daily';
