-- Lists behind the points of reports are counted by the sums, and cohorts of subscribers by day. The functions that are replaced are
-- those of 0098, 0099 and 0108.

create or replace view metric_postings as
  select entry.id, entry.created_at, entry.ledger_event_id, posting.scope_id, posting.series, posting.unit, posting.amount,
    posting.entries_count
  from ledger_entries entry cross join lateral (values
      (0, 'account:' || dest_account, dest_unit, dest_amount, 1, true),
      (0, 'account:' || orig_account, orig_unit, -orig_amount, (orig_account <> dest_account or orig_unit <> dest_unit)::int, true),
      (dest_profile_id, 'account:' || dest_account, dest_unit, dest_amount, 1,
        dest_account in ('Income', 'Backlog', 'Receivable', 'Credit')),
      (orig_profile_id, 'account:' || orig_account, orig_unit, -orig_amount,
        (orig_account <> dest_account or orig_unit <> dest_unit or orig_profile_id <> dest_profile_id)::int,
        orig_account in ('Income', 'Backlog', 'Receivable', 'Credit')),
      (orig_profile_id, 'sales', dest_unit, dest_amount, 1, orig_account = 'Receivable' and dest_account = 'Payable'),
      (dest_profile_id, 'payments', dest_unit, dest_amount, 1, orig_account = 'Backlog' and dest_account = 'Receivable'),
      (dest_profile_id, 'payments', dest_unit, -dest_amount, 1, orig_account = 'Liability' and dest_account = 'Credit'),
      (dest_profile_id, 'refunds', dest_unit, dest_amount, 1, dest_account = 'Refund'),
      (dest_profile_id, 'losses', orig_unit, orig_amount, 1, dest_account in ('Refund', 'Chargeback') and orig_account = 'Refunded'),
      (dest_profile_id, 'credit-notes', dest_unit, dest_amount, 1,
        (orig_account, dest_account) in (('Payable', 'Receivable'), ('Refunded', 'Backlog'))),
      (dest_profile_id, 'credits-used', dest_unit, dest_amount, 1, orig_account = 'Liability' and dest_account = 'Credit'),
      (orig_profile_id, 'backlog:' || dest_account, orig_unit, orig_amount, 1, orig_account = 'Backlog'),
      (dest_profile_id, 'backlog:' || orig_account, dest_unit, -dest_amount,
        (orig_account <> 'Backlog' or orig_unit <> dest_unit or orig_profile_id <> dest_profile_id)::int, dest_account = 'Backlog')
    ) as posting (scope_id, series, unit, amount, entries_count, is_counted)
  where posting.is_counted;
comment on view metric_postings is
  'Series account:<name>: received less sent. Series backlog:<counter-account>: what the deferred income gained. Series payments: payments of orders without those by credit, which have equal entries Liability to Credit in their event. entries_count: 1 for the first posting of an entry in a series and unit, 0 for a second.';
alter table metric_sums add column entries_count bigint not null default 0;
comment on column metric_sums.entries_count is 'Number of the entries that the amount is the sum of.';

-- Sums of the entries with ids in a range by hour, and by day from these.
create function metric_sum_rows(after_id bigint, until_id bigint)
  returns table (scope_id bigint, series text, unit text, grain text, starts_at timestamptz, amount numeric, entries_count bigint)
  language sql stable as $$
  with hours as materialized (
    select posting.scope_id, posting.series, posting.unit, date_trunc('hour', created_at, 'UTC') as starts_at,
      sum(posting.amount) as amount, sum(posting.entries_count) as entries_count
    from metric_postings posting where id > after_id and id <= until_id group by 1, 2, 3, 4
  )
  select hours.scope_id, hours.series, hours.unit, 'hour', hours.starts_at, hours.amount, hours.entries_count from hours
  union all
  select hours.scope_id, hours.series, hours.unit, 'day', date_trunc('day', hours.starts_at, 'UTC'), sum(hours.amount),
    sum(hours.entries_count)::bigint
  from hours group by 1, 2, 3, 5
$$;

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

  if after_id = 0 then
    insert into metric_customers (provider_id, unit, period_type, period, customer_id, amount)
      select * from metric_customer_changes(after_id, until_id, null) order by 1, 2, 3, 4, 5;
    -- Without statistics of the new rows each would be compared with all others.
    analyze metric_customers;
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

-- The number of movements by day, and cohorts: movements by the day on which the revenue of their subscribers began.
alter table recurring_days add column movements_count bigint not null default 0;
alter table recurring_movements add column began_at timestamptz;
comment on column recurring_movements.began_at is 'Instant of the first movement of the subscriber in the unit.';
create index recurring_movements_began_at on recurring_movements (provider_id, unit, began_at);
create table recurring_cohorts (
  provider_id bigint not null,
  unit text not null,
  began_on date not null,
  day date not null,
  profiles_count bigint not null,
  amount numeric not null,
  primary key (provider_id, unit, began_on, day)
);
create index recurring_cohorts_empty on recurring_cohorts (provider_id) where profiles_count = 0 and amount = 0;
comment on table recurring_cohorts is 'Sums of recurring_movements by the day on which their subscribers began, and by day, in UTC.';
comment on column recurring_cohorts.profiles_count is 'Subscribers that gained revenue less those that lost all of it.';

-- The function of 0108, with the instant at which the revenue of the subscriber began.
drop function recurring_movement_rows(bigint[], bigint[]);
create function recurring_movement_rows(provider_ids bigint[], profile_ids bigint[])
  returns table (provider_id bigint, profile_id bigint, unit text, at timestamptz, kind text, cause text, amount bigint,
    after_amount bigint, order_line_ids bigint[], began_at timestamptz)
  language sql stable as $$
  with pair as (
    select distinct given.provider_id, given.profile_id from unnest(provider_ids, profile_ids) as given (provider_id, profile_id)
  ), subscribed as materialized (
    select pair.provider_id, subscription.* from pair
      join subscriptions subscription on subscription.profile_id = pair.profile_id
      join plans plan on plan.id = subscription.plan_id and plan.profile_id = pair.provider_id
    where subscription.grant_key is null and subscription.request_key is null
  ), span as (
    select subscribed.provider_id, subscribed.profile_id, line.unit, line.id as order_line_id, line.kind as line_kind, coverage.quantity,
      greatest(coverage.starts_at, subscribed.created_at, subscribed.trial_ends_at) as begins_at,
      least(coverage.ends_at, subscribed.ends_at, subscribed.paused_at, subscribed.suspended_at) as ends_at,
      round(line.recurring_amount::numeric * case line.period_type
        when 'hourly' then 730 when 'daily' then 365 when 'weekly' then 365 else 1 end / (line.recurring_periods * case line.period_type
        when 'daily' then 12 when 'weekly' then 84 when 'yearly' then 12 else 1 end)) as amount
    from subscribed join coverages coverage on coverage.subscription_id = subscribed.id
      join order_lines line on line.id = coverage.order_line_id
    where line.recurring_amount > 0 and line.recurring_periods > 0
  ), fact as (
    select subscribed.provider_id, subscribed.profile_id, side.at, pauses.kind::text as kind, null::text as reason, null::bigint as rank
    from subscribed join pauses on pauses.subscription_id = subscribed.id
      cross join lateral (values (pauses.starts_at), (pauses.resumed_at)) as side (at)
    where pauses.state in ('running', 'ended') and side.at is not null
    union all
    select subscribed.provider_id, subscribed.profile_id, subscribed.ends_at, 'ending',
      case ending.kind when 'cancelled' then coalesce(ending.reason, 'cancelled') else ending.kind end, subscribed.id
    from subscribed join subscription_endings ending on ending.subscription_id = subscribed.id
    union all
    select provider_id, profile_id, trial_ends_at, 'trial', null, null from subscribed where trial_ends_at is not null
    union all
    select provider_id, profile_id, created_at, 'change', null, null from subscribed where replaces_id is not null
  ), point as (
    select provider_id, profile_id, unit, side.at, sum(side.sign * span.amount)::bigint as amount,
      sum(side.sign * quantity) as quantity, bool_or(line_kind = 'seats' and side.sign > 0) as has_seats,
      array_agg(distinct order_line_id) as order_line_ids
    from span cross join lateral (values (begins_at, 1), (ends_at, -1)) as side (at, sign)
    where begins_at < ends_at
    group by 1, 2, 3, 4
  ), explained as (
    select *, bool_or(fact_kind = 'pause') over instant as is_pause, bool_or(fact_kind = 'suspension') over instant as is_suspension,
      bool_or(fact_kind = 'trial') over instant as is_trial, bool_or(fact_kind = 'change') over instant as is_change,
      (array_agg(reason) over instant)[1] as reason_of_ending
    from (
      select provider_id, profile_id, unit, at, amount, quantity, has_seats, order_line_ids, null as fact_kind, null as reason,
        null::bigint as rank
      from point where amount <> 0
      union all
      select provider_id, profile_id, null, at, null, null, null, null, kind, reason, rank from fact
    ) as given
    window instant as (partition by provider_id, profile_id, at order by rank nulls last
      rows between unbounded preceding and unbounded following)
  ), step as (
    select *, sum(amount) over subscriber as after_amount, row_number() over subscriber as place,
      min(at) over subscriber as began_at
    from explained where unit is not null window subscriber as (partition by provider_id, profile_id, unit order by at)
  )
  select step.provider_id, step.profile_id, step.unit, step.at, named.kind,
    case
      when is_pause then 'pause'
      when is_suspension then 'unpaid'
      when named.kind = 'churn' then coalesce(reason_of_ending, 'ended')
      when named.kind in ('new', 'reactivation') then case when is_trial then 'trial' else 'order' end
      when is_change then 'change'
      when step.has_seats or step.quantity <> 0 then 'quantity'
      else 'price'
    end,
    step.amount, step.after_amount::bigint, step.order_line_ids, step.began_at
  from step cross join lateral (select case
      when step.after_amount = 0 then 'churn'
      when step.after_amount = step.amount then case when step.place = 1 then 'new' else 'reactivation' end
      when step.amount > 0 then 'expansion' else 'contraction' end) as named (kind)
$$;

-- Subscribers that a movement adds to those with recurring revenue.
create function recurring_profiles(kind text) returns integer language sql immutable as $$
  select case when kind in ('new', 'reactivation') then 1 when kind = 'churn' then -1 else 0 end
$$;

-- Writes movements, and adds what changed to their sums. One process at a time. Null: of all subscribers.
create or replace function write_recurring_movements(provider_ids bigint[], profile_ids bigint[]) returns void language plpgsql as $$
begin
  with stored as (
    delete from recurring_movements where (provider_id, profile_id) in (
      select given.provider_id, given.profile_id from unnest(provider_ids, profile_ids) as given (provider_id, profile_id))
    returning provider_id, unit, kind, cause, (at at time zone 'UTC')::date as day, amount, (began_at at time zone 'UTC')::date as began_on
  ), days as (
    insert into recurring_days as total (provider_id, unit, kind, is_pause, day, amount, movements_count)
      select provider_id, unit, kind, cause = 'pause', day, sum(-amount), -count(*) from stored group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (provider_id, unit, kind, is_pause, day) do update
      set amount = total.amount + excluded.amount, movements_count = total.movements_count + excluded.movements_count
  )
  insert into recurring_cohorts as total (provider_id, unit, began_on, day, profiles_count, amount)
    select provider_id, unit, began_on, day, -sum(recurring_profiles(kind)), sum(-amount) from stored group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict (provider_id, unit, began_on, day) do update
    set profiles_count = total.profiles_count + excluded.profiles_count, amount = total.amount + excluded.amount;
  with added as (
    insert into recurring_movements
        (provider_id, profile_id, unit, at, kind, cause, amount, after_amount, order_line_ids, began_at)
      select * from recurring_movement_rows(provider_ids, profile_ids)
    returning provider_id, unit, kind, cause, (at at time zone 'UTC')::date as day, amount, (began_at at time zone 'UTC')::date as began_on
  ), days as (
    insert into recurring_days as total (provider_id, unit, kind, is_pause, day, amount, movements_count)
      select provider_id, unit, kind, cause = 'pause', day, sum(amount), count(*) from added group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (provider_id, unit, kind, is_pause, day) do update
      set amount = total.amount + excluded.amount, movements_count = total.movements_count + excluded.movements_count
  )
  insert into recurring_cohorts as total (provider_id, unit, began_on, day, profiles_count, amount)
    select provider_id, unit, began_on, day, sum(recurring_profiles(kind)), sum(amount) from added group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict (provider_id, unit, began_on, day) do update
    set profiles_count = total.profiles_count + excluded.profiles_count, amount = total.amount + excluded.amount;
  -- Each renewal moves the end of a subscriber by a period. Index: recurring_cohorts_empty.
  delete from recurring_cohorts where provider_id = any(provider_ids) and profiles_count = 0 and amount = 0;
end $$;

create or replace function rebuild_recurring_movements() returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7302607);
  delete from recurring_changes;
  delete from recurring_movements;
  delete from recurring_days;
  delete from recurring_cohorts;
  perform write_recurring_movements(array_agg(provider_id), array_agg(profile_id))
    from (
      select distinct plan.profile_id as provider_id, subscription.profile_id
      from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    ) pair having count(*) > 0;
end $$;

-- Movements and their sums that differ from the coverages, in the snapshot of the reader; the first 100 of each kind.
create or replace function recurring_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  with pending as materialized (
    select distinct plan.profile_id as provider_id, coalesce(change.profile_id, subscription.profile_id) as profile_id
    from recurring_changes change join subscriptions subscription on subscription.id = change.subscription_id
      join plans plan on plan.id = subscription.plan_id
  ), pair as (
    select array_agg(provider_id) as provider_ids, array_agg(profile_id) as profile_ids from (
      select distinct plan.profile_id as provider_id, subscription.profile_id
      from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    ) each
  ), wanted as materialized (
    select rows.* from pair cross join lateral recurring_movement_rows(pair.provider_ids, pair.profile_ids) as rows
    where (rows.provider_id, rows.profile_id) not in (select provider_id, profile_id from pending)
  ), stored as materialized (
    select * from recurring_movements where (provider_id, profile_id) not in (select provider_id, profile_id from pending)
  )
  (select format('recurring revenue of profile %s at provider %s in %s at %s', profile_id, provider_id, unit, at),
      coalesce(wanted.after_amount, 0), coalesce(stored.after_amount, 0)
    from wanted full join stored using (provider_id, profile_id, unit, at)
    where (wanted.kind, wanted.cause, wanted.amount, wanted.after_amount, wanted.began_at) is distinct from
      (stored.kind, stored.cause, stored.amount, stored.after_amount, stored.began_at) limit 100)
  union all
  (select format('%s of provider %s in %s on %s: %s', kind, provider_id, unit, day, side.name),
      coalesce(sum(side.wanted), 0)::bigint, coalesce(sum(side.found), 0)::bigint
    from (
      select provider_id, unit, kind, cause = 'pause' as is_pause, (at at time zone 'UTC')::date as day, amount as wanted, 0 as found,
        1 as wanted_count, 0 as found_count
      from recurring_movements
      union all
      select provider_id, unit, kind, is_pause, day, 0, amount, 0, movements_count from recurring_days
    ) counted cross join lateral (values ('amount', wanted, found), ('movements', wanted_count, found_count)) as side (name, wanted, found)
    group by provider_id, unit, kind, is_pause, day, side.name having sum(side.wanted) <> sum(side.found) limit 100)
  union all
  (select format('cohort of provider %s in %s of %s on %s: %s', provider_id, unit, began_on, day, side.name),
      coalesce(sum(side.wanted), 0)::bigint, coalesce(sum(side.found), 0)::bigint
    from (
      select provider_id, unit, (began_at at time zone 'UTC')::date as began_on, (at at time zone 'UTC')::date as day, amount as wanted,
        0 as found, recurring_profiles(kind) as wanted_count, 0 as found_count
      from recurring_movements
      union all
      select provider_id, unit, began_on, day, 0, amount, 0, profiles_count from recurring_cohorts
    ) counted cross join lateral (values ('amount', wanted, found), ('subscribers', wanted_count, found_count)) as side (name, wanted, found)
    group by provider_id, unit, began_on, day, side.name having sum(side.wanted) <> sum(side.found) limit 100)
$$;

select rebuild_list_counts();
alter table recurring_movements alter column began_at set not null;
