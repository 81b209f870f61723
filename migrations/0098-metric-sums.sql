-- Figures of the reports without reading the ledger: sums by day and hour, customers by calendar period, totals by customer. As the
-- totals of 0065 they are those of the entries up to an id, to which the reader adds the entries above it. Writers pay nothing.

-- What the entries add to the series of a provider, and to those of the whole site (scope_id 0).
create view metric_postings as
  select entry.id, entry.created_at, entry.ledger_event_id, posting.scope_id, posting.series, posting.unit, posting.amount
  from ledger_entries entry cross join lateral (values
      (0, 'account:' || dest_account, dest_unit, dest_amount, true),
      (0, 'account:' || orig_account, orig_unit, -orig_amount, true),
      (dest_profile_id, 'account:' || dest_account, dest_unit, dest_amount,
        dest_account in ('Income', 'Backlog', 'Receivable', 'Credit')),
      (orig_profile_id, 'account:' || orig_account, orig_unit, -orig_amount,
        orig_account in ('Income', 'Backlog', 'Receivable', 'Credit')),
      (orig_profile_id, 'sales', dest_unit, dest_amount, orig_account = 'Receivable' and dest_account = 'Payable'),
      (dest_profile_id, 'payments', dest_unit, dest_amount, orig_account = 'Backlog' and dest_account = 'Receivable'),
      (dest_profile_id, 'payments', dest_unit, -dest_amount, orig_account = 'Liability' and dest_account = 'Credit'),
      (dest_profile_id, 'refunds', dest_unit, dest_amount, dest_account = 'Refund'),
      (dest_profile_id, 'losses', orig_unit, orig_amount, dest_account in ('Refund', 'Chargeback') and orig_account = 'Refunded'),
      (dest_profile_id, 'credit-notes', dest_unit, dest_amount,
        (orig_account, dest_account) in (('Payable', 'Receivable'), ('Refunded', 'Backlog'))),
      (dest_profile_id, 'credits-used', dest_unit, dest_amount, orig_account = 'Liability' and dest_account = 'Credit'),
      (orig_profile_id, 'backlog:' || dest_account, orig_unit, orig_amount, orig_account = 'Backlog'),
      (dest_profile_id, 'backlog:' || orig_account, dest_unit, -dest_amount, dest_account = 'Backlog')
    ) as posting (scope_id, series, unit, amount, is_counted)
  where posting.is_counted;
comment on view metric_postings is
  'Series account:<name>: received less sent. Series backlog:<counter-account>: what the deferred income gained. Series payments: payments of orders without those by credit, which have equal entries Liability to Credit in their event.';

create table metric_sums (
  scope_id bigint not null,
  series text not null,
  unit text not null,
  grain text not null check (grain in ('day', 'hour')),
  starts_at timestamptz not null,
  amount numeric not null,
  primary key (scope_id, series, unit, grain, starts_at)
);
comment on table metric_sums is
  'Sums of metric_postings up to totalled_until(''ledger_entries''), by day and by hour in UTC. Each amount is in one row of both grains.';

-- The calendar of a provider: its weeks, months and years begin at midnight in its zone.
create table metric_zones (
  provider_id bigint primary key,
  timezone text not null
);
comment on table metric_zones is 'Zone of the periods in metric_customers and metric_sales. The totals are written anew after it changed.';

create table metric_customers (
  provider_id bigint not null,
  unit text not null,
  period_type text not null check (period_type in ('weekly', 'monthly', 'yearly')),
  period date not null,
  customer_id bigint not null,
  amount numeric not null,
  primary key (provider_id, unit, period_type, period, customer_id)
);
comment on table metric_customers is 'Orders of each customer in each calendar period.';
create table metric_sales (
  provider_id bigint not null,
  unit text not null,
  period_type text not null,
  period date not null,
  customers_count bigint not null,
  kept_count bigint not null,
  amount numeric not null,
  kept_amount numeric not null,
  kept_before_amount numeric not null,
  primary key (provider_id, unit, period_type, period)
);
comment on table metric_sales is 'Sums of metric_customers by period.';
comment on column metric_sales.kept_count is 'Customers with an order in the period before, too.';
comment on column metric_sales.kept_amount is 'Orders in the period of customers with an order in the period before.';
comment on column metric_sales.kept_before_amount is 'Orders in the period before of customers with an order in the period.';

create table metric_customer_totals (
  provider_id bigint not null,
  customer_id bigint not null,
  unit text not null,
  contract_amount numeric not null,
  cash_amount numeric not null,
  recognised_amount numeric not null,
  ordered_at timestamptz,
  primary key (provider_id, customer_id, unit)
);
create index metric_customer_totals_ordered_at on metric_customer_totals (provider_id, ordered_at, customer_id)
  where contract_amount > 0;
comment on table metric_customer_totals is 'Sums of metric_customer_postings up to totalled_until(''ledger_entries'').';
comment on column metric_customer_totals.ordered_at is 'Instant of the first order; null without one.';

create table metric_customer_counts (
  provider_id bigint primary key,
  customers_count bigint not null
);
comment on table metric_customer_counts is 'Number of the rows of metric_customer_totals with a contract value above 0.';

-- Name of a zone that the database has; UTC for any other. One call per provider.
create function metric_timezone(name text) returns text language plpgsql stable as $$
begin
  perform now() at time zone name;
  return name;
exception when invalid_parameter_value then
  return 'UTC';
end $$;

create function metric_period(instant timestamptz, timezone text, the_type text) returns date language sql stable as $$
  select date_trunc(case the_type when 'weekly' then 'week' when 'monthly' then 'month' else 'year' end, instant at time zone timezone)::date
$$;
create function metric_next_period(period date, the_type text, step integer) returns date language sql immutable as $$
  select (period + step * case the_type when 'weekly' then interval '7 days' when 'monthly' then interval '1 month' else interval '1 year' end)::date
$$;

-- What the orders with ids in a range add to metric_customers. A null provider: those of all.
create function metric_customer_changes(after_id bigint, until_id bigint, the_provider_id bigint)
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
    cross join (values ('weekly'), ('monthly'), ('yearly')) as kind (period_type)
  where id > after_id and id <= until_id and orig_account = 'Receivable' and dest_account = 'Payable'
  group by 1, 2, 3, 4, 5
$$;

-- Sums of metric_customers by period.
create view metric_sale_rows as
  select own.provider_id, own.unit, own.period_type, own.period, count(*) as customers_count, count(before.amount) as kept_count,
    sum(own.amount) as amount, coalesce(sum(own.amount) filter (where before.amount is not null), 0) as kept_amount,
    coalesce(sum(before.amount), 0) as kept_before_amount
  from metric_customers own left join metric_customers before
    on (before.provider_id, before.unit, before.period_type, before.period, before.customer_id)
      = (own.provider_id, own.unit, own.period_type, metric_next_period(own.period, own.period_type, -1), own.customer_id)
  group by own.provider_id, own.unit, own.period_type, own.period;

-- What the same orders add to metric_sales, given metric_customers without them.
create function metric_sale_changes(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, unit text, period_type text, period date, customers_count bigint, kept_count bigint,
    amount numeric, kept_amount numeric, kept_before_amount numeric)
  language sql stable as $$
  with added as materialized (
    select * from metric_customer_changes(after_id, until_id, the_provider_id)
  ), touched as (
    select added.provider_id, added.unit, added.period_type, added.customer_id, added.period from added
    union
    select added.provider_id, added.unit, added.period_type, added.customer_id, metric_next_period(added.period, added.period_type, 1)
    from added
  ), states as (
    select touched.*, stored.amount as stored, before.amount as stored_before,
      coalesce(stored.amount + added.amount, stored.amount, added.amount) as wanted,
      coalesce(before.amount + added_before.amount, before.amount, added_before.amount) as wanted_before
    from touched
      cross join lateral (select metric_next_period(touched.period, touched.period_type, -1) as period) as former
      left join metric_customers stored on (stored.provider_id, stored.unit, stored.period_type, stored.period, stored.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, touched.period, touched.customer_id)
      left join metric_customers before on (before.provider_id, before.unit, before.period_type, before.period, before.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, former.period, touched.customer_id)
      left join added on (added.provider_id, added.unit, added.period_type, added.period, added.customer_id)
        = (touched.provider_id, touched.unit, touched.period_type, touched.period, touched.customer_id)
      left join added added_before
        on (added_before.provider_id, added_before.unit, added_before.period_type, added_before.period, added_before.customer_id)
          = (touched.provider_id, touched.unit, touched.period_type, former.period, touched.customer_id)
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

-- Contract value, payments and recognised income of each customer, by the entries with ids in a range. The payer of a payment is the
-- profile whose Liability its event settles; income of a subject is that of the profile that ordered first on it.
create function metric_customer_postings(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, customer_id bigint, unit text, contract_amount numeric, cash_amount numeric,
    recognised_amount numeric, ordered_at timestamptz)
  language sql stable as $$
  with entries as materialized (
    select * from ledger_entries where id > after_id and id <= until_id and (
      (orig_account, dest_account) in (('Receivable', 'Payable'), ('Payable', 'Receivable'), ('Refunded', 'Backlog'),
        ('Backlog', 'Receivable'), ('Liability', 'Credit'), ('Refunded', 'Refund'), ('Income', 'Backlog')))
      and coalesce(the_provider_id, 0) in (0, orig_profile_id, dest_profile_id)
  ), payers as materialized (
    select distinct on (ledger_event_id) ledger_event_id, orig_profile_id as customer_id
    from ledger_entries where orig_account = 'Liability' and ledger_event_id in (
      select ledger_event_id from entries where orig_account = 'Backlog' and dest_account = 'Receivable')
    order by ledger_event_id, rank
  ), buyers as materialized (
    select distinct on (subject_kind, subject_id) subject_kind, subject_id, id, dest_profile_id as customer_id
    from ledger_entries where orig_account = 'Receivable' and dest_account = 'Payable' and (subject_kind, subject_id) in (
      select subject_kind, subject_id from entries where orig_account = 'Income')
    order by subject_kind, subject_id, id
  )
  select posting.provider_id, posting.customer_id, posting.unit, sum(posting.contract), sum(posting.cash), sum(posting.recognised),
    min(posting.ordered_at)
  from entries
    left join payers on payers.ledger_event_id = entries.ledger_event_id
      and orig_account = 'Backlog' and dest_account = 'Receivable'
    left join buyers on (buyers.subject_kind, buyers.subject_id) = (entries.subject_kind, entries.subject_id)
      and orig_account = 'Income' and buyers.id < entries.id
    cross join lateral (
      select * from (values
        ('Receivable', 'Payable', orig_profile_id, dest_profile_id, dest_unit, dest_amount, 0, 0, created_at),
        ('Payable', 'Receivable', dest_profile_id, orig_profile_id, dest_unit, -dest_amount, 0, 0, null),
        ('Refunded', 'Backlog', dest_profile_id, orig_profile_id, dest_unit, -dest_amount, 0, 0, null),
        ('Backlog', 'Receivable', dest_profile_id, payers.customer_id, dest_unit, 0, dest_amount, 0, null),
        ('Liability', 'Credit', dest_profile_id, orig_profile_id, dest_unit, 0, -dest_amount, 0, null),
        ('Refunded', 'Refund', dest_profile_id, orig_profile_id, orig_unit, 0, -orig_amount, 0, null),
        ('Income', 'Backlog', orig_profile_id, buyers.customer_id, orig_unit, 0, 0, orig_amount, null)
      ) as shape (orig, dest, provider_id, customer_id, unit, contract, cash, recognised, ordered_at)
      where (shape.orig, shape.dest) = (orig_account, dest_account)
    ) as posting
  where posting.customer_id is not null and posting.provider_id = coalesce(the_provider_id, posting.provider_id)
  group by 1, 2, 3
$$;

-- Adds the entries with ids in a range to the figures.
create function add_to_metrics(after_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  insert into metric_zones (provider_id, timezone)
    select id, metric_timezone(default_timezone) from profiles
    where id in (
      select orig_profile_id from ledger_entries where id > after_id and id <= until_id
        and orig_account = 'Receivable' and dest_account = 'Payable')
    order by id on conflict do nothing;

  insert into metric_sums as total (scope_id, series, unit, grain, starts_at, amount)
    select scope_id, series, unit, grain, date_trunc(grain, created_at, 'UTC') as starts_at, sum(amount)
    from metric_postings cross join (values ('day'), ('hour')) as kind (grain)
    where id > after_id and id <= until_id
    group by scope_id, series, unit, grain, 5 order by scope_id, series, unit, grain, 5
  on conflict (scope_id, series, unit, grain, starts_at) do update set amount = total.amount + excluded.amount;

  if after_id = 0 then
    insert into metric_customers (provider_id, unit, period_type, period, customer_id, amount)
      select * from metric_customer_changes(after_id, until_id, null) order by 1, 2, 3, 4, 5;
    insert into metric_sales (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount)
      select * from metric_sale_rows order by 1, 2, 3, 4;
  else
    insert into metric_sales as total
        (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount)
      select * from metric_sale_changes(after_id, until_id, null) change
      where (change.customers_count, change.kept_count, change.amount, change.kept_amount, change.kept_before_amount) <> (0, 0, 0, 0, 0)
      order by 1, 2, 3, 4
    on conflict (provider_id, unit, period_type, period) do update
      set customers_count = total.customers_count + excluded.customers_count, kept_count = total.kept_count + excluded.kept_count,
        amount = total.amount + excluded.amount, kept_amount = total.kept_amount + excluded.kept_amount,
        kept_before_amount = total.kept_before_amount + excluded.kept_before_amount;
    insert into metric_customers as total (provider_id, unit, period_type, period, customer_id, amount)
      select * from metric_customer_changes(after_id, until_id, null) order by 1, 2, 3, 4, 5
    on conflict (provider_id, unit, period_type, period, customer_id) do update set amount = total.amount + excluded.amount;
  end if;

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
create function cut_metric_periods(the_provider_id bigint, until_id bigint) returns void language plpgsql as $$
begin
  delete from metric_customers where provider_id = the_provider_id;
  delete from metric_sales where provider_id = the_provider_id;
  insert into metric_zones (provider_id, timezone)
    select id, metric_timezone(default_timezone) from profiles where id = the_provider_id
  on conflict (provider_id) do update set timezone = excluded.timezone;
  insert into metric_customers (provider_id, unit, period_type, period, customer_id, amount)
    select * from metric_customer_changes(0, until_id, the_provider_id);
  insert into metric_sales (provider_id, unit, period_type, period, customers_count, kept_count, amount, kept_amount, kept_before_amount)
    select * from metric_sale_rows where provider_id = the_provider_id;
end $$;

-- Follows providers that changed their zone; the job of the totals calls it. Returns how many.
create function follow_metric_zones() returns integer language plpgsql as $$
declare
  the_provider_id bigint;
  followed integer := 0;
begin
  perform from row_totals_state where source = 'ledger_entries' for update;
  for the_provider_id in
    select provider_id from metric_zones zone join profiles on profiles.id = provider_id
    where zone.timezone <> default_timezone and zone.timezone <> metric_timezone(default_timezone)
  loop
    perform cut_metric_periods(the_provider_id, totalled_until('ledger_entries'));
    followed := followed + 1;
  end loop;
  return followed;
end $$;

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
    perform add_to_metrics(after_id, until_id);
  end if;
end $$;

create or replace function rebuild_list_counts() returns void language plpgsql as $$
begin
  -- The job that advances the totals waits.
  lock table row_totals_state in exclusive mode;
  delete from ledger_profile_totals;
  delete from metric_sums;
  delete from metric_zones;
  delete from metric_customers;
  delete from metric_sales;
  delete from metric_customer_totals;
  delete from metric_customer_counts;
  perform rebuild_row_counts();
  perform rebuild_subscription_counts();
end $$;

-- Figures that differ from the entries, in the snapshot of the reader; the first 100 of each kind.
create function metric_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  (select format('%s of scope %s in %s, %s of %s', series, scope_id, unit, grain, starts_at),
      coalesce(sums.amount, 0)::bigint, coalesce(total.amount, 0)::bigint
    from (
      select scope_id, series, unit, grain, date_trunc(grain, created_at, 'UTC') as starts_at, sum(amount) as amount
      from metric_postings cross join (values ('day'), ('hour')) as kind (grain)
      where id <= totalled_until('ledger_entries') group by 1, 2, 3, 4, 5
    ) sums full join metric_sums total using (scope_id, series, unit, grain, starts_at)
    where coalesce(sums.amount, 0) <> coalesce(total.amount, 0) limit 100)
  union all
  (select format('orders of customer %s at provider %s in %s, %s %s', customer_id, provider_id, unit, period_type, period),
      coalesce(wanted.amount, 0)::bigint, coalesce(stored.amount, 0)::bigint
    from metric_customer_changes(0, totalled_until('ledger_entries'), null) wanted
      full join metric_customers stored using (provider_id, unit, period_type, period, customer_id)
    where wanted.amount is distinct from stored.amount limit 100)
  union all
  (select format('customers of provider %s in %s, %s %s', provider_id, unit, period_type, period),
      coalesce(wanted.customers_count, 0), coalesce(stored.customers_count, 0)
    from metric_sale_rows wanted full join metric_sales stored using (provider_id, unit, period_type, period)
    where (wanted.customers_count, wanted.kept_count, wanted.amount, wanted.kept_amount, wanted.kept_before_amount)
      is distinct from (stored.customers_count, stored.kept_count, stored.amount, stored.kept_amount, stored.kept_before_amount)
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
create or replace function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from row_count_errors() union all select * from subscription_count_errors()
  union all select * from ledger_profile_total_errors() union all select * from metric_errors()
$$;

-- Counts of subscriptions at past instants: what subscription_days counts and reports do not, and the reverse.
create index subscriptions_requested on subscriptions (plan_id, ends_at) where request_key is not null;
create index profiles_archived on profiles (id) where not is_active;
-- Open debts of a site, for the balances due to a provider.
create index ledger_subject_balances_owed on ledger_subject_balances (subject_kind, subject_id) where profile_id is null and amount <> 0;

select rebuild_list_counts();
