-- When the deferred income of a provider is recognised: the windows of its coverages that are not recognised yet.

-- Subjects whose windows are not all taken from payments.
create index ledger_entries_written_off on ledger_entries (subject_kind, subject_id) where dest_account = 'Canceled';
create index ledger_entries_converted on ledger_entries (subject_kind, subject_id) where orig_unit <> dest_unit;

-- Position of an instant in calendar months after an anchor, as an exact fraction; src/kernel/position.ts has the same rule.
create function month_position(anchor timestamptz, instant timestamptz, out numerator numeric, out denominator numeric)
  language plpgsql immutable as $$
declare
  origin timestamp := anchor at time zone 'UTC';
  target timestamp := instant at time zone 'UTC';
  months integer := (extract(year from target) - extract(year from origin)) * 12 + extract(month from target) - extract(month from origin);
begin
  if origin + months * interval '1 month' > target then
    months := months - 1;
  end if;
  denominator := extract(epoch from (origin + (months + 1) * interval '1 month') - (origin + months * interval '1 month')) * 1000;
  numerator := months * denominator + extract(epoch from target - (origin + months * interval '1 month')) * 1000;
end $$;

-- Part of an amount that is earned at an instant of the time from starts_at to ends_at, as `earned` of src/kernel/position.ts.
create function earned_amount(amount bigint, anchor timestamptz, period_type text, starts_at timestamptz, ends_at timestamptz,
  instant timestamptz) returns bigint language plpgsql immutable as $$
declare
  first record;
  last record;
  own record;
begin
  if instant >= ends_at then
    return amount;
  elsif instant <= starts_at then
    return 0;
  elsif period_type not in ('monthly', 'yearly') then
    return div(amount * (extract(epoch from instant - starts_at) * 1000), extract(epoch from ends_at - starts_at) * 1000);
  end if;
  first := month_position(anchor, starts_at);
  last := month_position(anchor, ends_at);
  own := month_position(anchor, instant);
  return div(amount * (own.numerator * first.denominator - first.numerator * own.denominator) * last.denominator,
    (last.numerator * first.denominator - first.numerator * last.denominator) * own.denominator);
end $$;

-- Windows of a provider in the order in which they are recognised, with what each takes from payments. `amount`: in 1/100 of the unit.
-- Windows of a subject are taken from its payments first; those of a subject with a debt, a write-off or a conversion as far as they reach.
create function metric_income_windows(the_provider_id bigint)
  returns table (entry_id bigint, unit text, window_at timestamptz, amount bigint) language sql stable as $$
  with opened as materialized (
    select line.ledger_entry_id as entry_id, line.id as line_id, coverage.rank, line.unit, line.subject_kind, line.subject_id,
      line.subject_part, line.kind in ('setup', 'use') as is_instant, coalesce(line.period_type, 'monthly') as period_type,
      coverage.amount, coverage.recognised, coverage.anchor_at, coverage.starts_at, coverage.ends_at, coverage.next_window_at
    from coverages coverage join order_lines line on line.id = coverage.order_line_id
    where coverage.next_window_at is not null and line.provider_id = the_provider_id
  ), ended as (
    select opened.*, window_end.at as window_at,
      lag(window_end.at) over (partition by line_id, opened.rank order by window_end.at) as before_at
    from opened cross join lateral (
      select next_window_at as at
      union
      select ends_at where not is_instant and ends_at > next_window_at
      union
      select month.at from generate_series(
          ((extract(year from next_window_at at time zone 'UTC') - extract(year from anchor_at at time zone 'UTC')) * 12
            + extract(month from next_window_at at time zone 'UTC') - extract(month from anchor_at at time zone 'UTC'))::integer,
          ((extract(year from ends_at at time zone 'UTC') - extract(year from anchor_at at time zone 'UTC')) * 12
            + extract(month from ends_at at time zone 'UTC') - extract(month from anchor_at at time zone 'UTC'))::integer) as step (months)
        cross join lateral (select (anchor_at at time zone 'UTC' + months * interval '1 month') at time zone 'UTC' as at) month
      where not is_instant and month.at > next_window_at and month.at < ends_at
    ) window_end
  ), earned as (
    select entry_id, line_id, rank, unit, subject_kind, subject_id, subject_part, window_at,
      greatest(0, case when is_instant then ended.amount - recognised
        else earned_amount(ended.amount, anchor_at, period_type, starts_at, ends_at, window_at)
          - greatest(recognised, case when before_at is null then 0
              else earned_amount(ended.amount, anchor_at, period_type, starts_at, ends_at, before_at) end) end) as amount
    from ended
    union all
    select entry.id, 9223372036854775807, used.id, entry.dest_unit, entry.subject_kind, entry.subject_id, entry.subject_part,
      used.recognise_at, entry.dest_amount
    from billed_uses used join ledger_entries entry on entry.id = used.ledger_entry_id
    where used.recognise_at < 'infinity' and entry.orig_profile_id = the_provider_id
  ), limited as materialized (
    select subject.*, (
        select coalesce(sum(case when orig_profile_id = the_provider_id and orig_account = 'Backlog' and orig_unit = subject.unit then orig_amount else 0 end
          - case when dest_profile_id = the_provider_id and dest_account = 'Backlog' and dest_unit = subject.unit then dest_amount else 0 end), 0)
        from ledger_entries entry where (entry.subject_kind, entry.subject_id) = (subject.subject_kind, subject.subject_id)
          and entry.subject_part is not distinct from subject.subject_part) as backlog
    from (select distinct subject_kind, subject_id, subject_part, unit from earned) subject
    where exists (select from ledger_subject_balances debt where debt.profile_id is null and debt.amount <> 0
        and (debt.subject_kind, debt.subject_id) = (subject.subject_kind, subject.subject_id)
        and debt.subject_part is not distinct from subject.subject_part)
      or exists (select from ledger_entries entry where entry.dest_account = 'Canceled'
        and (entry.subject_kind, entry.subject_id) = (subject.subject_kind, subject.subject_id))
      or exists (select from ledger_entries entry where entry.orig_unit <> entry.dest_unit
        and (entry.subject_kind, entry.subject_id) = (subject.subject_kind, subject.subject_id))
  ), taken as (
    select earned.*, limited.backlog, sum(earned.amount) over (
      partition by earned.subject_kind, earned.subject_id, earned.subject_part, earned.unit
      order by window_at, line_id, rank) as total
    from earned left join limited on (limited.subject_kind, limited.subject_id, limited.unit)
        = (earned.subject_kind, earned.subject_id, earned.unit)
      and limited.subject_part is not distinct from earned.subject_part
  )
  select entry_id, unit, window_at,
    (case when backlog is null then taken.amount
      else least(taken.amount, greatest(0, backlog - (total - taken.amount))) end)::bigint
  from taken where taken.amount > 0 and (backlog is null or backlog > total - taken.amount)
$$;
