-- Payments that are taken back, and income that was earned before its payment, in the values of customers.

-- The function of 0098. A payment outside of the site that is taken back has an entry Funds to Liability. Receivable to Backlog is
-- income that a payment found earned, or what a payment that is taken back had left to earn: both belong to the payer of the event.
create or replace function metric_customer_postings(after_id bigint, until_id bigint, the_provider_id bigint)
  returns table (provider_id bigint, customer_id bigint, unit text, contract_amount numeric, cash_amount numeric,
    recognised_amount numeric, ordered_at timestamptz)
  language sql stable as $$
  with entries as materialized (
    select * from ledger_entries where id > after_id and id <= until_id and (
      (orig_account, dest_account) in (('Receivable', 'Payable'), ('Payable', 'Receivable'), ('Refunded', 'Backlog'),
        ('Backlog', 'Receivable'), ('Receivable', 'Backlog'), ('Liability', 'Credit'), ('Funds', 'Liability'), ('Refunded', 'Refund'),
        ('Income', 'Backlog')))
      and coalesce(the_provider_id, 0) in (0, orig_profile_id, dest_profile_id)
  ), payers as materialized (
    select distinct on (ledger_event_id) ledger_event_id, orig_profile_id as customer_id
    from ledger_entries where orig_account = 'Liability' and ledger_event_id in (
      select ledger_event_id from entries where (orig_account, dest_account) in (('Backlog', 'Receivable'), ('Receivable', 'Backlog')))
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
      and (orig_account, dest_account) in (('Backlog', 'Receivable'), ('Receivable', 'Backlog'))
    left join buyers on (buyers.subject_kind, buyers.subject_id) = (entries.subject_kind, entries.subject_id)
      and orig_account = 'Income' and buyers.id < entries.id
    cross join lateral (
      select * from (values
        ('Receivable', 'Payable', orig_profile_id, dest_profile_id, dest_unit, dest_amount, 0, 0, created_at),
        ('Payable', 'Receivable', dest_profile_id, orig_profile_id, dest_unit, -dest_amount, 0, 0, null),
        ('Refunded', 'Backlog', dest_profile_id, orig_profile_id, dest_unit, -dest_amount, 0, 0, null),
        ('Backlog', 'Receivable', dest_profile_id, payers.customer_id, dest_unit, 0, dest_amount, 0, null),
        ('Receivable', 'Backlog', orig_profile_id, payers.customer_id, orig_unit, 0, 0, orig_amount, null),
        ('Liability', 'Credit', dest_profile_id, orig_profile_id, dest_unit, 0, -dest_amount, 0, null),
        ('Funds', 'Liability', orig_profile_id, dest_profile_id, orig_unit, 0, -orig_amount, -orig_amount, null),
        ('Refunded', 'Refund', dest_profile_id, orig_profile_id, orig_unit, 0, -orig_amount, 0, null),
        ('Income', 'Backlog', orig_profile_id, buyers.customer_id, orig_unit, 0, 0, orig_amount, null)
      ) as shape (orig, dest, provider_id, customer_id, unit, contract, cash, recognised, ordered_at)
      where (shape.orig, shape.dest) = (orig_account, dest_account)
    ) as posting
  where posting.customer_id is not null and posting.provider_id = coalesce(the_provider_id, posting.provider_id)
  group by 1, 2, 3
$$;

-- The contract values, and with them the numbers of customers, are as before.
insert into metric_customer_totals as total
    (provider_id, customer_id, unit, contract_amount, cash_amount, recognised_amount, ordered_at)
  select * from metric_customer_postings(0, totalled_until('ledger_entries'), null)
on conflict (provider_id, customer_id, unit) do update
  set cash_amount = excluded.cash_amount, recognised_amount = excluded.recognised_amount;
