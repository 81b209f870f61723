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
-- Only times after base_at are returned, when nothing was due last before the range; a subject without debts has a row without entry_id.
-- A loop, because each step depends on the one before: the time is linear, regardless of the plan of the server.
create function metric_debt_rows(after_id bigint, range_end bigint)
  returns table (provider_id bigint, subject_kind text, subject_id text, subject_part text, unit text, base_at timestamptz,
    entry_id bigint, amount bigint, ordered_at timestamptz, from_at timestamptz, until_at timestamptz)
  language plpgsql stable as $$
declare
  step record;
  -- Open orders of the subject, the oldest at `head`, and what was paid before there was an order.
  open_ids bigint[] := '{}';
  open_amounts bigint[] := '{}';
  open_at timestamptz[] := '{}';
  head integer := 1;
  prepaid bigint := 0;
  -- Debts that were found after base_at.
  found_ids bigint[] := '{}';
  found_amounts bigint[] := '{}';
  found_orders timestamptz[] := '{}';
  found_from timestamptz[] := '{}';
  found_until timestamptz[] := '{}';
  taken bigint;
  rest bigint;
begin
  base_at := '-infinity';
  for step in
    with touched as materialized (
      select posting.subject_kind, posting.subject_id, posting.subject_part, min(posting.created_at) as first_at
      from metric_debt_postings posting where posting.id > after_id and posting.id <= range_end
      group by 1, 2, 3
    )
    select posting.*, touched.first_at, lead(posting.created_at) over own as next_at, min(case when is_order then orig_profile_id end) over subject as seller_id
    from touched cross join lateral (
      -- By ledger_entries_subject: the server does not know how few subjects a range has.
      select * from metric_debt_postings entry
      where (entry.subject_kind, entry.subject_id) = (touched.subject_kind, touched.subject_id)
        and entry.subject_part is not distinct from touched.subject_part and entry.id <= range_end
      offset 0
    ) posting
    window subject as (partition by posting.subject_kind, posting.subject_id, posting.subject_part, posting.unit),
      own as (partition by posting.subject_kind, posting.subject_id, posting.subject_part, posting.unit order by posting.created_at, posting.id)
    order by posting.subject_kind, posting.subject_id, posting.subject_part, posting.unit, posting.created_at, posting.id
  loop
    rest := step.settled;
    if step.added > 0 then
      open_ids := open_ids || step.id;
      open_amounts := open_amounts || step.added::bigint;
      open_at := open_at || step.created_at;
      rest := prepaid;
      prepaid := 0;
    end if;
    while rest > 0 and head <= cardinality(open_ids) loop
      taken := least(rest, open_amounts[head]);
      open_amounts[head] := open_amounts[head] - taken;
      rest := rest - taken;
      if open_amounts[head] = 0 then
        head := head + 1;
      end if;
    end loop;
    prepaid := prepaid + rest;

    if head > cardinality(open_ids) then
      open_ids := '{}';
      open_amounts := '{}';
      open_at := '{}';
      head := 1;
    end if;
    -- The amounts after an instant are known with its last entry.
    if step.next_at is distinct from step.created_at then
      if head > cardinality(open_ids) and prepaid = 0 and step.created_at < step.first_at then
        base_at := step.created_at;
        found_ids := '{}';
        found_amounts := '{}';
        found_orders := '{}';
        found_from := '{}';
        found_until := '{}';
      end if;
      for place in head .. cardinality(open_ids) loop
        found_ids := found_ids || open_ids[place];
        found_amounts := found_amounts || open_amounts[place];
        found_orders := found_orders || open_at[place];
        found_from := found_from || step.created_at;
        found_until := found_until || coalesce(step.next_at, 'infinity');
      end loop;
    end if;

    if step.next_at is null then
      provider_id := step.seller_id;
      subject_kind := step.subject_kind;
      subject_id := step.subject_id;
      subject_part := step.subject_part;
      unit := step.unit;
      if provider_id is not null then
        for place in 1 .. greatest(1, cardinality(found_ids)) loop
          entry_id := found_ids[place];
          amount := found_amounts[place];
          ordered_at := found_orders[place];
          from_at := found_from[place];
          until_at := found_until[place];
          return next;
        end loop;
      end if;
      base_at := '-infinity';
      open_ids := '{}';
      open_amounts := '{}';
      open_at := '{}';
      head := 1;
      prepaid := 0;
      found_ids := '{}';
      found_amounts := '{}';
      found_orders := '{}';
      found_from := '{}';
      found_until := '{}';
    end if;
  end loop;
end $$;

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
