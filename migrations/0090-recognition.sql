-- Recognition of income: the payer of each coverage, the windows that are due, fees and uses as coverages of one instant.

-- Boundaries of the calendar months from an anchor: the last one at or before an instant, and the first one after it.
create function pg_temp.month_of(anchor timestamptz, at timestamptz, out starts_at timestamptz, out ends_at timestamptz)
language sql immutable as $$
  select case when bounds[2] <= at then bounds[2] else bounds[1] end, case when bounds[2] <= at then bounds[3] else bounds[2] end
  from (
    select array(
      select ((anchor at time zone 'UTC') + make_interval(months => months + step)) at time zone 'UTC'
      from generate_series(-1, 1) step order by step
    ) as bounds
    from (
      select ((extract(year from at at time zone 'UTC') - extract(year from anchor at time zone 'UTC')) * 12
        + extract(month from at at time zone 'UTC') - extract(month from anchor at time zone 'UTC'))::integer as months
    ) distance
  ) month
$$;

alter table coverages add column payer_id bigint references profiles on delete restrict;
update coverages set payer_id = orders.profile_id,
    next_window_at = case when coverages.amount > 0
      then least(coverages.ends_at, (pg_temp.month_of(coverages.anchor_at, coverages.starts_at)).ends_at) end
  from order_lines line join orders on orders.id = line.order_id
  where line.id = coverages.order_line_id;
alter table coverages alter column payer_id set not null;
comment on column coverages.payer_id is 'Payer of the order. Its windows are recognised together.';
drop index coverages_next_window_at;
create index coverages_due on coverages (payer_id, next_window_at) where next_window_at is not null;

-- A setup fee is earned at its order, uses bought in advance in the window of their order. Those of a seat for a person without
-- an account wait for the claim, as its time does.
insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity, anchor_at, starts_at, ends_at, next_window_at)
  select line.id, 0, subscription.id, orders.profile_id, line.amount, greatest(line.quantity, 1), subscription.anchor_at,
    begun.at, begun.at,
    case line.kind when 'setup' then begun.at else (pg_temp.month_of(subscription.anchor_at, begun.at)).ends_at end
  from order_lines line
  join orders on orders.id = line.order_id and orders.state = 'settled'
  left join lateral (
    select coverages.subscription_id, coverages.starts_at
    from order_lines seat join coverages on coverages.order_line_id = seat.id
    where line.claim_id is not null and seat.claim_id = line.claim_id and seat.plan_id = line.plan_id
    order by seat.id limit 1
  ) claimed on true
  join subscriptions subscription on subscription.id = coalesce(line.subscription_id, claimed.subscription_id)
  cross join lateral (select coalesce(claimed.starts_at, orders.created_at) as at) begun
  where line.kind in ('setup', 'use') and line.amount > 0
  on conflict do nothing;

alter table billed_uses
  add column recognise_from timestamptz,
  add column recognise_at timestamptz,
  add constraint billed_uses_recognise check ((recognise_from is null) = (recognise_at is null));
update billed_uses
  set (recognise_from, recognise_at) = (select starts_at, ends_at from pg_temp.month_of(subscription.anchor_at, billed_uses.created_at))
  from subscriptions subscription
  where subscription.id = billed_uses.subscription_id and ledger_entry_id is not null;
alter table billed_uses
  add column payer_id bigint references profiles on delete restrict;
update billed_uses set payer_id = subscription.profile_id from subscriptions subscription
  where subscription.id = billed_uses.subscription_id;
alter table billed_uses alter column payer_id set not null;
create index billed_uses_due on billed_uses (payer_id, recognise_at) where recognise_at is not null;
comment on column billed_uses.payer_id is 'The subscriber, who owes the uses.';
comment on column billed_uses.recognise_from is 'Beginning of the recognition window of the uses.';
comment on column billed_uses.recognise_at is 'End of that window; null for free uses, and once their income is recognised.';
