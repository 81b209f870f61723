-- Numbers of orders beside their amounts: the list of the orders of new or of churned customers has its count from
-- these, and compares no two periods of orders.

-- The job that advances the totals waits: the rows are those of the same entries.
lock table row_totals_state in exclusive mode;

drop view metric_sale_rows;
drop function metric_sale_changes(bigint, bigint, bigint);
drop function metric_customer_changes(bigint, bigint, bigint);
truncate metric_customers, metric_sales;
alter table metric_customers add column orders_count bigint not null;
alter table metric_sales add column orders_count bigint not null, add column kept_orders_count bigint not null,
  add column kept_before_orders_count bigint not null;
comment on column metric_sales.kept_orders_count is 'Number of the orders of kept_amount.';
comment on column metric_sales.kept_before_orders_count is 'Number of the orders of kept_before_amount.';

-- What the orders with ids in a range add to metric_customers. A null provider: those of all.
create function metric_customer_changes(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, unit text, period_type text, period date, customer_id bigint, amount numeric, orders_count bigint)
  language sql stable as $$
  with zones as materialized (
    select id as provider_id, coalesce(zone.timezone, metric_timezone(default_timezone)) as timezone
    from profiles left join metric_zones zone on zone.provider_id = profiles.id
    where profiles.id in (
      select orig_profile_id from ledger_entries where id > after_id and id <= until_id
        and orig_account = 'Receivable' and dest_account = 'Payable' and orig_profile_id = coalesce(the_provider_id, orig_profile_id))
  )
  select orig_profile_id, dest_unit, kind.period_type, metric_period(created_at, zones.timezone, kind.period_type), dest_profile_id,
    sum(dest_amount), count(*)
  from ledger_entries join zones on zones.provider_id = orig_profile_id
    cross join (values ('daily'), ('weekly'), ('monthly'), ('yearly')) as kind (period_type)
  where id > after_id and id <= until_id and orig_account = 'Receivable' and dest_account = 'Payable'
  group by 1, 2, 3, 4, 5
$$;

-- Sums of metric_customers by period.
create view metric_sale_rows as
  select own.provider_id, own.unit, own.period_type, own.period, count(*) as customers_count, count(before.amount) as kept_count,
    sum(own.amount) as amount, coalesce(sum(own.amount) filter (where before.amount is not null), 0) as kept_amount,
    coalesce(sum(before.amount), 0) as kept_before_amount, sum(own.orders_count)::bigint as orders_count,
    coalesce(sum(own.orders_count) filter (where before.amount is not null), 0)::bigint as kept_orders_count,
    coalesce(sum(before.orders_count), 0)::bigint as kept_before_orders_count
  from metric_customers own left join metric_customers before
    on (before.provider_id, before.unit, before.period_type, before.period, before.customer_id)
      = (own.provider_id, own.unit, own.period_type, metric_next_period(own.period, own.period_type, -1), own.customer_id)
  group by own.provider_id, own.unit, own.period_type, own.period;

-- What the same orders add to metric_sales, given metric_customers without them. Changes of a period and of the next
-- one are summed before they are joined, as in 0131. A customer without an order has the number 0.
create function metric_sale_changes(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, unit text, period_type text, period date, customers_count bigint, kept_count bigint,
    amount numeric, kept_amount numeric, kept_before_amount numeric, orders_count bigint, kept_orders_count bigint,
    kept_before_orders_count bigint) language sql stable as $$
  with added as materialized (
    select * from metric_customer_changes(after_id, until_id, the_provider_id)
  ), touched as (
    select part.provider_id, part.unit, part.period_type, part.customer_id, part.period, sum(part.amount) as added,
      sum(part.orders_count) as added_orders, sum(part.amount_before) as added_before, sum(part.orders_before) as added_orders_before
    from (
      select added.provider_id, added.unit, added.period_type, added.customer_id, added.period, added.amount, added.orders_count,
        0::numeric as amount_before, 0::bigint as orders_before
      from added
      union all
      select added.provider_id, added.unit, added.period_type, added.customer_id, metric_next_period(added.period, added.period_type, 1),
        0, 0, added.amount, added.orders_count
      from added
    ) as part group by 1, 2, 3, 4, 5
  ), states as (
    select touched.provider_id, touched.unit, touched.period_type, touched.period,
      state.sign, state.amount, state.amount_before, state.orders, state.orders_before
    from touched
      left join metric_customers stored on (stored.provider_id, stored.unit, stored.period_type, stored.period, stored.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, touched.period, touched.customer_id)
      left join metric_customers before on (before.provider_id, before.unit, before.period_type, before.period, before.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, metric_next_period(touched.period, touched.period_type, -1),
          touched.customer_id)
      cross join lateral (values
        (-1, coalesce(stored.amount, 0), coalesce(before.amount, 0), coalesce(stored.orders_count, 0), coalesce(before.orders_count, 0)),
        (1, coalesce(stored.amount, 0) + touched.added, coalesce(before.amount, 0) + touched.added_before,
          coalesce(stored.orders_count, 0) + touched.added_orders, coalesce(before.orders_count, 0) + touched.added_orders_before)
      ) as state (sign, amount, amount_before, orders, orders_before)
  )
  select states.provider_id, states.unit, states.period_type, states.period,
    coalesce(sum(sign) filter (where orders > 0), 0), coalesce(sum(sign) filter (where orders > 0 and orders_before > 0), 0),
    sum(sign * states.amount), coalesce(sum(sign * states.amount) filter (where orders_before > 0), 0),
    coalesce(sum(sign * amount_before) filter (where orders > 0), 0),
    sum(sign * orders)::bigint, coalesce(sum(sign * orders) filter (where orders_before > 0), 0)::bigint,
    coalesce(sum(sign * orders_before) filter (where orders > 0), 0)::bigint
  from states group by 1, 2, 3, 4
$$;

-- Adds orders with ids in a range to metric_customers and metric_sales.
create function add_metric_sales(after_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  if after_id = 0 then
    insert into metric_customers (provider_id, unit, period_type, period, customer_id, amount, orders_count)
      select * from metric_customer_changes(after_id, until_id, null) order by 1, 2, 3, 4, 5;
    -- Without statistics of the new rows each would be compared with all others.
    analyze metric_customers;
    insert into metric_sales (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount,
        orders_count, kept_orders_count, kept_before_orders_count)
      select * from metric_sale_rows order by 1, 2, 3, 4;
    return;
  end if;
  insert into metric_sales as total
      (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount,
        orders_count, kept_orders_count, kept_before_orders_count)
    select * from metric_sale_changes(after_id, until_id, null) change
    where (change.customers_count, change.kept_count, change.amount, change.kept_amount, change.kept_before_amount,
      change.orders_count, change.kept_orders_count, change.kept_before_orders_count) <> (0, 0, 0, 0, 0, 0, 0, 0)
    order by 1, 2, 3, 4
  on conflict (provider_id, unit, period_type, period) do update
    set customers_count = total.customers_count + excluded.customers_count, kept_count = total.kept_count + excluded.kept_count,
      amount = total.amount + excluded.amount, kept_amount = total.kept_amount + excluded.kept_amount,
      kept_before_amount = total.kept_before_amount + excluded.kept_before_amount,
      orders_count = total.orders_count + excluded.orders_count,
      kept_orders_count = total.kept_orders_count + excluded.kept_orders_count,
      kept_before_orders_count = total.kept_before_orders_count + excluded.kept_before_orders_count;
  insert into metric_customers as total (provider_id, unit, period_type, period, customer_id, amount, orders_count)
    select * from metric_customer_changes(after_id, until_id, null) order by 1, 2, 3, 4, 5
  on conflict (provider_id, unit, period_type, period, customer_id) do update
    set amount = total.amount + excluded.amount, orders_count = total.orders_count + excluded.orders_count;
end $$;

-- Adds the entries with ids in a range to the figures.
create or replace function add_to_metrics(after_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  insert into metric_zones (provider_id, timezone)
    select id, metric_timezone(default_timezone) from profiles
    where id in (
      select orig_profile_id from ledger_entries where id > after_id and id <= until_id
        and orig_account = 'Receivable' and dest_account = 'Payable')
    order by id on conflict do nothing;

  insert into metric_sums as total (scope_id, series, unit, grain, starts_at, amount, entries_count)
    select * from metric_sum_rows(after_id, until_id) order by 1, 2, 3, 4, 5
  on conflict (scope_id, series, unit, grain, starts_at) do update
    set amount = total.amount + excluded.amount, entries_count = total.entries_count + excluded.entries_count;

  perform add_metric_sales(after_id, until_id);

  with added as materialized (
    select * from metric_customer_postings(after_id, until_id, null)
  ), counted as (
    insert into metric_customer_counts as total (provider_id, customers_count)
      select provider_id, sum((coalesce(stored.contract_amount, 0) + added.contract_amount > 0)::int
          - (coalesce(stored.contract_amount, 0) > 0)::int)
      from added left join metric_customer_totals stored using (provider_id, customer_id, unit)
      group by provider_id order by provider_id
    on conflict (provider_id) do update set customers_count = total.customers_count + excluded.customers_count
  )
  insert into metric_customer_totals as total
      (provider_id, customer_id, unit, contract_amount, cash_amount, recognised_amount, ordered_at)
    select * from added order by 1, 2, 3
  on conflict (provider_id, customer_id, unit) do update
    set contract_amount = total.contract_amount + excluded.contract_amount, cash_amount = total.cash_amount + excluded.cash_amount,
      recognised_amount = total.recognised_amount + excluded.recognised_amount,
      ordered_at = least(total.ordered_at, excluded.ordered_at);
end $$;

-- Cuts the orders of a provider by the calendar of another zone.
create or replace function cut_metric_periods(the_provider_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  delete from metric_customers where provider_id = the_provider_id;
  delete from metric_sales where provider_id = the_provider_id;
  insert into metric_zones (provider_id, timezone)
    select id, metric_timezone(default_timezone) from profiles where id = the_provider_id
  on conflict (provider_id) do update set timezone = excluded.timezone;
  insert into metric_customers (provider_id, unit, period_type, period, customer_id, amount, orders_count)
    select * from metric_customer_changes(0, until_id, the_provider_id);
  insert into metric_sales (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount,
      orders_count, kept_orders_count, kept_before_orders_count)
    select * from metric_sale_rows where provider_id = the_provider_id;
end $$;

-- Figures that differ from the entries, in the snapshot of the reader; the first 100 of each kind.
create or replace function metric_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  (select side.name, side.expected::bigint, side.found::bigint
    from metric_sum_rows(0, totalled_until('ledger_entries')) sums full join metric_sums total using (scope_id, series, unit, grain, starts_at)
      cross join lateral (values
        (format('%s of scope %s in %s, %s of %s', series, scope_id, unit, grain, starts_at),
          coalesce(sums.amount, 0), coalesce(total.amount, 0)),
        (format('entries of %s of scope %s in %s, %s of %s', series, scope_id, unit, grain, starts_at),
          coalesce(sums.entries_count, 0), coalesce(total.entries_count, 0))
      ) as side (name, expected, found)
    where side.expected <> side.found limit 100)
  union all
  (select format('orders of customer %s at provider %s in %s, %s %s', customer_id, provider_id, unit, period_type, period),
      coalesce(wanted.amount, 0)::bigint, coalesce(stored.amount, 0)::bigint
    from metric_customer_changes(0, totalled_until('ledger_entries'), null) wanted
      full join metric_customers stored using (provider_id, unit, period_type, period, customer_id)
    where (wanted.amount, wanted.orders_count) is distinct from (stored.amount, stored.orders_count) limit 100)
  union all
  (select format('customers of provider %s in %s, %s %s', provider_id, unit, period_type, period),
      coalesce(wanted.customers_count, 0), coalesce(stored.customers_count, 0)
    from metric_sale_rows wanted full join metric_sales stored using (provider_id, unit, period_type, period)
    where (wanted.customers_count, wanted.kept_count, wanted.amount, wanted.kept_amount, wanted.kept_before_amount, wanted.orders_count,
        wanted.kept_orders_count, wanted.kept_before_orders_count)
      is distinct from (stored.customers_count, stored.kept_count, stored.amount, stored.kept_amount, stored.kept_before_amount,
        stored.orders_count, stored.kept_orders_count, stored.kept_before_orders_count)
    limit 100)
  union all
  (select format('totals of customer %s at provider %s in %s', customer_id, provider_id, unit),
      coalesce(wanted.contract_amount, 0)::bigint, coalesce(stored.contract_amount, 0)::bigint
    from metric_customer_postings(0, totalled_until('ledger_entries'), null) wanted
      full join metric_customer_totals stored using (provider_id, customer_id, unit)
    where (wanted.contract_amount, wanted.cash_amount, wanted.recognised_amount, wanted.ordered_at)
      is distinct from (stored.contract_amount, stored.cash_amount, stored.recognised_amount, stored.ordered_at)
    limit 100)
  union all
  (select format('number of customers of provider %s', provider_id), coalesce(sum(wanted), 0)::bigint, coalesce(sum(stored), 0)::bigint
    from (
      select provider_id, (contract_amount > 0)::int as wanted, 0 as stored from metric_customer_totals
      union all
      select provider_id, 0, customers_count from metric_customer_counts
    ) counted group by provider_id having sum(wanted) <> sum(stored) limit 100)
$$;

select add_metric_sales(0, totalled_until('ledger_entries'));
