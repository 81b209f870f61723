-- Recurring revenue of providers by its movements: computed for one subscriber at a time, from its coverages and order lines.

create table recurring_movements (
  provider_id bigint not null,
  profile_id bigint not null,
  unit text not null,
  at timestamptz not null,
  kind text not null check (kind in ('new', 'expansion', 'contraction', 'churn', 'reactivation')),
  cause text not null,
  amount bigint not null,
  after_amount bigint not null,
  order_line_ids bigint[] not null,
  primary key (provider_id, profile_id, unit, at)
);
create index recurring_movements_at on recurring_movements (provider_id, unit, at, profile_id);
comment on table recurring_movements is
  'Projection of coverages: changes of the recurring revenue per month of a subscriber of a provider. Stale for subscriptions in recurring_changes, which readers compute.';
comment on column recurring_movements.amount is 'After less before, in 1/100 of the unit.';
comment on column recurring_movements.order_line_ids is 'Lines whose time begins or ends at the instant.';
create table recurring_days (
  provider_id bigint not null,
  unit text not null,
  kind text not null,
  is_pause boolean not null,
  day date not null,
  amount numeric not null,
  primary key (provider_id, unit, kind, is_pause, day)
);
comment on table recurring_days is 'Sums of recurring_movements by day in UTC.';
create table recurring_changes (
  id bigint generated always as identity primary key,
  subscription_id bigint not null,
  profile_id bigint
);
comment on column recurring_changes.profile_id is 'Subscriber; null: the present one.';
comment on table recurring_changes is 'Subscriptions whose movements may have changed since they were computed.';

-- Movements of subscribers, one pair of provider and subscriber per position of the arguments.
create function recurring_movement_rows(provider_ids bigint[], profile_ids bigint[])
  returns table (provider_id bigint, profile_id bigint, unit text, at timestamptz, kind text, cause text, amount bigint,
    after_amount bigint, order_line_ids bigint[])
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
  ), point as (
    select provider_id, profile_id, unit, side.at, sum(side.sign * span.amount)::bigint as amount,
      sum(side.sign * quantity) as quantity, bool_or(line_kind = 'seats' and side.sign > 0) as has_seats,
      array_agg(distinct order_line_id) as order_line_ids
    from span cross join lateral (values (begins_at, 1), (ends_at, -1)) as side (at, sign)
    where begins_at < ends_at
    group by 1, 2, 3, 4
  ), step as (
    select *, sum(amount) over subscriber as after_amount, row_number() over subscriber as place
    from point where amount <> 0 window subscriber as (partition by provider_id, profile_id, unit order by at)
  )
  select step.provider_id, step.profile_id, step.unit, step.at, named.kind,
    case
      when exists (select from pauses join subscribed own on own.id = pauses.subscription_id
        where (own.provider_id, own.profile_id) = (step.provider_id, step.profile_id) and pauses.kind = 'pause'
          and pauses.state in ('running', 'ended') and step.at in (pauses.starts_at, pauses.resumed_at)) then 'pause'
      when exists (select from pauses join subscribed own on own.id = pauses.subscription_id
        where (own.provider_id, own.profile_id) = (step.provider_id, step.profile_id) and pauses.kind = 'suspension'
          and pauses.state in ('running', 'ended') and step.at in (pauses.starts_at, pauses.resumed_at)) then 'unpaid'
      when named.kind = 'churn' then coalesce((
        select case ending.kind when 'cancelled' then coalesce(ending.reason, 'cancelled') else ending.kind end
        from subscription_endings ending join subscribed own on own.id = ending.subscription_id
        where (own.provider_id, own.profile_id) = (step.provider_id, step.profile_id) and own.ends_at = step.at
        order by ending.subscription_id limit 1), 'ended')
      when named.kind in ('new', 'reactivation') then case when exists (select from subscribed own
        where (own.provider_id, own.profile_id) = (step.provider_id, step.profile_id) and own.trial_ends_at = step.at)
        then 'trial' else 'order' end
      when exists (select from subscribed own where (own.provider_id, own.profile_id) = (step.provider_id, step.profile_id)
        and own.replaces_id is not null and own.created_at = step.at) then 'change'
      when step.has_seats or step.quantity <> 0 then 'quantity'
      else 'price'
    end,
    step.amount, step.after_amount::bigint, step.order_line_ids
  from step cross join lateral (select case
      when step.after_amount = 0 then 'churn'
      when step.after_amount = step.amount then case when step.place = 1 then 'new' else 'reactivation' end
      when step.amount > 0 then 'expansion' else 'contraction' end) as named (kind)
$$;

-- Coverages are written by statements, subscriptions by rows. Rows that are appended wait for no other transaction.
create function note_recurring_coverages() returns trigger language plpgsql as $$
begin
  insert into recurring_changes (subscription_id) select distinct subscription_id from written;
  return null;
end $$;
create trigger coverages_recurring_added after insert on coverages referencing new table as written
  for each statement execute function note_recurring_coverages();
create trigger coverages_recurring_removed after delete on coverages referencing old table as written
  for each statement execute function note_recurring_coverages();
create function note_recurring_coverage() returns trigger language plpgsql as $$
begin
  insert into recurring_changes (subscription_id) select distinct id from (values (old.subscription_id), (new.subscription_id)) as given (id);
  return null;
end $$;
create trigger coverages_recurring_changed after update on coverages for each row
  when ((old.subscription_id, old.quantity, old.starts_at, old.ends_at) is distinct from (new.subscription_id, new.quantity, new.starts_at, new.ends_at))
  execute function note_recurring_coverage();
create function note_recurring_subscription() returns trigger language plpgsql as $$
begin
  insert into recurring_changes (subscription_id, profile_id)
    select distinct new.id, id from (values (old.profile_id), (new.profile_id)) as given (id);
  return null;
end $$;
create trigger subscriptions_recurring_changed after update on subscriptions for each row
  when ((old.profile_id, old.plan_id, old.created_at, old.ends_at, old.grant_key is null, old.request_key is null, old.trial_ends_at, old.paused_at,
      old.suspended_at)
    is distinct from (new.profile_id, new.plan_id, new.created_at, new.ends_at, new.grant_key is null, new.request_key is null, new.trial_ends_at,
      new.paused_at, new.suspended_at))
  execute function note_recurring_subscription();
-- Why a movement happened is known by pauses and endings.
create function note_recurring_ending() returns trigger language plpgsql as $$
begin
  insert into recurring_changes (subscription_id) values (coalesce(new.subscription_id, old.subscription_id));
  return null;
end $$;
create trigger pauses_recurring after insert or update or delete on pauses for each row execute function note_recurring_ending();
create trigger endings_recurring after insert or update or delete on subscription_endings for each row
  execute function note_recurring_ending();

-- Writes movements, and adds what changed to the days. One process at a time. Null: of all subscribers.
create function write_recurring_movements(provider_ids bigint[], profile_ids bigint[]) returns void language plpgsql as $$
begin
  with stored as (
    delete from recurring_movements where (provider_id, profile_id) in (
      select given.provider_id, given.profile_id from unnest(provider_ids, profile_ids) as given (provider_id, profile_id))
    returning provider_id, unit, kind, cause, at, amount
  ), summed as (
    select provider_id, unit, kind, cause = 'pause' as is_pause, (at at time zone 'UTC')::date as day, sum(-amount) as amount
    from stored group by 1, 2, 3, 4, 5
  )
  insert into recurring_days as total (provider_id, unit, kind, is_pause, day, amount)
    select * from summed order by 1, 2, 3, 4, 5
  on conflict (provider_id, unit, kind, is_pause, day) do update set amount = total.amount + excluded.amount;
  with added as (
    insert into recurring_movements (provider_id, profile_id, unit, at, kind, cause, amount, after_amount, order_line_ids)
      select * from recurring_movement_rows(provider_ids, profile_ids)
    returning provider_id, unit, kind, cause, at, amount
  ), summed as (
    select provider_id, unit, kind, cause = 'pause' as is_pause, (at at time zone 'UTC')::date as day, sum(amount) as amount
    from added group by 1, 2, 3, 4, 5
  )
  insert into recurring_days as total (provider_id, unit, kind, is_pause, day, amount)
    select * from summed order by 1, 2, 3, 4, 5
  on conflict (provider_id, unit, kind, is_pause, day) do update set amount = total.amount + excluded.amount;
end $$;

-- Computes the movements of subscriptions that changed; returns how many subscriptions.
create function fold_recurring_changes() returns integer language plpgsql as $$
declare
  folded integer;
  provider_ids bigint[];
  profile_ids bigint[];
begin
  perform pg_advisory_xact_lock(7302607);
  with taken as (
    delete from recurring_changes where id in (select id from recurring_changes order by id limit 10000) returning subscription_id, profile_id
  ), pair as (
    select distinct plan.profile_id as provider_id, coalesce(taken.profile_id, subscription.profile_id) as profile_id
    from taken join subscriptions subscription on subscription.id = taken.subscription_id join plans plan on plan.id = subscription.plan_id
  )
  select (select count(*) from taken), array_agg(provider_id), array_agg(profile_id) into folded, provider_ids, profile_ids from pair;
  if provider_ids is not null then
    perform write_recurring_movements(provider_ids, profile_ids);
  end if;
  return folded;
end $$;

create function rebuild_recurring_movements() returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7302607);
  delete from recurring_changes;
  delete from recurring_movements;
  delete from recurring_days;
  perform write_recurring_movements(array_agg(provider_id), array_agg(profile_id))
    from (
      select distinct plan.profile_id as provider_id, subscription.profile_id
      from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    ) pair having count(*) > 0;
end $$;

-- Movements and days that differ from the coverages, in the snapshot of the reader; the first 100 of each kind.
create function recurring_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
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
    where (wanted.kind, wanted.cause, wanted.amount, wanted.after_amount) is distinct from
      (stored.kind, stored.cause, stored.amount, stored.after_amount) limit 100)
  union all
  (select format('%s of provider %s in %s on %s', kind, provider_id, unit, day), coalesce(sum(wanted), 0)::bigint, coalesce(sum(found), 0)::bigint
    from (
      select provider_id, unit, kind, cause = 'pause' as is_pause, (at at time zone 'UTC')::date as day, amount as wanted, 0 as found
      from recurring_movements
      union all
      select provider_id, unit, kind, is_pause, day, 0, amount from recurring_days
    ) counted group by provider_id, unit, kind, is_pause, day having sum(wanted) <> sum(found) limit 100)
$$;

create or replace function add_to_metrics(after_id bigint, until_id bigint) returns void language plpgsql as $$
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

create or replace function rebuild_list_counts() returns void language plpgsql as $$
begin
  -- The job that advances the totals waits.
  lock table row_totals_state in exclusive mode;
  analyze ledger_entries;
  delete from ledger_profile_totals;
  delete from metric_sums;
  delete from metric_zones;
  delete from metric_customers;
  delete from metric_sales;
  delete from metric_customer_totals;
  delete from metric_customer_counts;
  perform rebuild_row_counts();
  perform rebuild_subscription_counts();
  perform rebuild_recurring_movements();
end $$;
create or replace function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from row_count_errors() union all select * from subscription_count_errors()
  union all select * from ledger_profile_total_errors() union all select * from metric_errors()
  union all select * from recurring_errors()
$$;
select rebuild_list_counts();
