-- Reports that do not slow down with the ledger. The functions that are replaced are those of 0098 and 0099.

-- Movements of subscribers, one pair of provider and subscriber per position of the arguments. Why a movement happened is found
-- among the facts of its instant by sorting: a join would compare each movement with all subscriptions, since the server expects few
-- pairs.
create or replace function recurring_movement_rows(provider_ids bigint[], profile_ids bigint[])
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
    select *, sum(amount) over subscriber as after_amount, row_number() over subscriber as place
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
    step.amount, step.after_amount::bigint, step.order_line_ids
  from step cross join lateral (select case
      when step.after_amount = 0 then 'churn'
      when step.after_amount = step.amount then case when step.place = 1 then 'new' else 'reactivation' end
      when step.amount > 0 then 'expansion' else 'contraction' end) as named (kind)
$$;
