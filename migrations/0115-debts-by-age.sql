-- Receivables by age at any instant, and when deferred income is recognised, without reading the ledger.

-- Time in which a part of an order is unpaid. As the sums of 0098 those of the entries up to an id, to which the reader adds.
create table metric_debts (
  provider_id bigint not null,
  subject_kind text not null,
  subject_id text not null,
  subject_part text,
  unit text not null,
  entry_id bigint not null,
  amount bigint not null,
  ordered_at timestamptz not null,
  from_at timestamptz not null,
  until_at timestamptz not null
);
create index metric_debts_time on metric_debts using gist (tstzrange(from_at, until_at, '(]'));
create index metric_debts_subject on metric_debts (subject_kind, subject_id, from_at);
comment on table metric_debts is
  'Amounts that are due on orders after from_at and until until_at (inclusive; infinity while they are), up to metric_debts_state.';
comment on column metric_debts.entry_id is 'The order, or the reversal of a payment that restored the debt.';

create table metric_debts_state (
  until_id bigint not null
);
comment on table metric_debts_state is 'One row: the last entry of the ledger that metric_debts contains.';
insert into metric_debts_state values (0);

-- Entries that change the amount due on a subject: orders and reversals add, payments, write-offs and credit notes subtract.
create view metric_debt_postings as
  select id, created_at, subject_kind, subject_id, subject_part, dest_unit as unit, orig_profile_id,
    orig_account = 'Receivable' and dest_account = 'Payable' as is_order,
    case when dest_account = 'Payable' then dest_amount else 0 end as added,
    case when dest_account = 'Payable' then 0 else dest_amount end as settled
  from ledger_entries
  where subject_kind is not null and (dest_account = 'Payable'
    or (orig_account, dest_account) in (('Backlog', 'Receivable'), ('Receivable', 'Canceled'), ('Payable', 'Receivable')));

-- Debts of the subjects of the entries with ids in a range, by all entries up to the end of it. Payments settle the oldest order first.
-- Only times after base_at are computed, when nothing was due last before the range; a subject without debts has a row without entry_id.
-- The planner knows no row counts of the steps and would nest loops over all of them; entries of a subject are read by its index.
create function metric_debt_rows(after_id bigint, range_end bigint)
  returns table (provider_id bigint, subject_kind text, subject_id text, subject_part text, unit text, base_at timestamptz,
    entry_id bigint, amount bigint, ordered_at timestamptz, from_at timestamptz, until_at timestamptz)
  language sql stable set enable_nestloop = off as $$
  with touched as materialized (
    select posting.subject_kind, posting.subject_id, posting.subject_part, min(posting.created_at) as first_at
    from metric_debt_postings posting where id > after_id and id <= range_end
    group by 1, 2, 3
  ), posting as materialized (
    select posting.*, dense_rank() over (order by posting.subject_kind, posting.subject_id, posting.subject_part, posting.unit) as key,
      touched.first_at
    from touched cross join lateral (
      select * from metric_debt_postings entry
      where (entry.subject_kind, entry.subject_id) = (touched.subject_kind, touched.subject_id)
        and entry.subject_part is not distinct from touched.subject_part and entry.id <= range_end
      offset 0
    ) posting
  ), instant as (
    select key, created_at, min(posting.first_at) as first_at, sum(settled) as settled,
      sum(sum(added - settled)) over (partition by key order by created_at) as due
    from posting group by key, created_at
  ), step as materialized (
    select key, created_at, lead(created_at) over own as until_at,
      coalesce(count(*) filter (where due = 0) over (own rows between unbounded preceding and 1 preceding), 0) as stretch,
      max(created_at) filter (where due = 0 and created_at < instant.first_at) over (partition by key) as base_at, settled
    from instant window own as (partition by key order by created_at)
  ), paid as (
    select step.*, sum(settled) over (partition by key, stretch order by created_at) as paid from step
    where created_at > coalesce(step.base_at, '-infinity')
  ), ordered as (
    select posting.key, posting.id, posting.created_at, step.stretch, posting.added,
      sum(posting.added) over (partition by posting.key, step.stretch order by posting.created_at, posting.id) as total
    from posting join step using (key, created_at)
    where posting.added > 0 and created_at > coalesce(step.base_at, '-infinity')
  ), debt as (
    select paid.key, ordered.id, least(ordered.added, ordered.total - paid.paid) as amount, ordered.created_at as ordered_at,
      paid.created_at as from_at, coalesce(paid.until_at, 'infinity') as until_at
    from paid join ordered on (ordered.key, ordered.stretch) = (paid.key, paid.stretch) and ordered.created_at <= paid.created_at
      and ordered.total > paid.paid
  ), subject as (
    select key, min(posting.subject_kind) as subject_kind, min(posting.subject_id) as subject_id, min(posting.subject_part) as subject_part,
      min(posting.unit) as unit, min(orig_profile_id) filter (where is_order) as provider_id
    from posting group by key
  ), base as (
    select key, max(step.base_at) as base_at from step group by key
  )
  select subject.provider_id, subject.subject_kind, subject.subject_id, subject.subject_part, subject.unit,
    coalesce(base.base_at, '-infinity'), debt.id, debt.amount::bigint, debt.ordered_at, debt.from_at, debt.until_at
  from subject join base using (key) left join debt using (key)
  where subject.provider_id is not null
$$;

-- Debts of all subjects, those of entries above the state computed.
create view metric_current_debts as
  with recent as materialized (
    select rows.* from metric_debts_state cross join lateral metric_debt_rows(until_id, 9223372036854775807) as rows
  )
  select provider_id, subject_kind, subject_id, subject_part, unit, entry_id, amount, ordered_at, from_at, until_at
  from metric_debts stored
  where not exists (
    select from recent where (recent.subject_kind, recent.subject_id, recent.unit) = (stored.subject_kind, stored.subject_id, stored.unit)
      and recent.subject_part is not distinct from stored.subject_part and stored.from_at > recent.base_at)
  union all
  select provider_id, subject_kind, subject_id, subject_part, unit, entry_id, amount, ordered_at, from_at, until_at
  from recent where entry_id is not null;

-- Adds the entries that the totals of the ledger contain. Returns how many debts were written.
create function fold_metric_debts() returns integer language plpgsql as $$
declare
  after_id bigint;
  range_end bigint := totalled_until('ledger_entries');
  written integer;
begin
  select until_id into after_id from metric_debts_state for update skip locked;
  if after_id is null or after_id >= range_end then
    return 0;
  end if;
  with computed as materialized (
    select * from metric_debt_rows(after_id, range_end)
  ), removed as (
    delete from metric_debts stored using (
      select distinct subject_kind, subject_id, subject_part, unit, base_at from computed
    ) changed
    where (changed.subject_kind, changed.subject_id, changed.unit) = (stored.subject_kind, stored.subject_id, stored.unit)
      and changed.subject_part is not distinct from stored.subject_part and stored.from_at > changed.base_at
  )
  insert into metric_debts (provider_id, subject_kind, subject_id, subject_part, unit, entry_id, amount, ordered_at, from_at, until_at)
    select provider_id, subject_kind, subject_id, subject_part, unit, entry_id, amount, ordered_at, from_at, until_at
    from computed where entry_id is not null;
  get diagnostics written = row_count;
  update metric_debts_state set until_id = range_end;
  return written;
end $$;

create function rebuild_metric_debts() returns void language plpgsql as $$
begin
  lock table metric_debts_state in exclusive mode;
  delete from metric_debts;
  update metric_debts_state set until_id = 0;
  perform fold_metric_debts();
end $$;

-- Debts that differ from the entries, in the snapshot of the reader; the first 100.
create function metric_debt_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select format('debt of entry %s in %s after %s', entry_id, unit, from_at), coalesce(wanted.amount, 0), coalesce(stored.amount, 0)
  from (
    select rows.* from metric_debts_state cross join lateral metric_debt_rows(0, until_id) as rows where entry_id is not null
  ) wanted full join metric_debts stored using (provider_id, unit, entry_id, from_at)
  where (wanted.amount, wanted.ordered_at, wanted.until_at) is distinct from (stored.amount, stored.ordered_at, stored.until_at) limit 100
$$;

-- The functions that other migrations define keep their parts.
alter function list_count_errors() rename to list_count_errors_without_debts;
create function list_count_errors() returns table (name text, expected bigint, found bigint) language sql stable as $$
  select * from list_count_errors_without_debts() union all select * from metric_debt_errors()
$$;
alter function rebuild_list_counts() rename to rebuild_list_counts_without_debts;
create function rebuild_list_counts() returns void language plpgsql as $$
begin
  perform rebuild_list_counts_without_debts();
  perform rebuild_metric_debts();
end $$;

select rebuild_metric_debts();
