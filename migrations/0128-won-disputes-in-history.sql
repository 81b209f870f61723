-- GET /api/billing/{profile}/history: a dispute that was won is a row, as the dispute is. Without it, the payments of the list
-- less what it takes back are not what the profile has paid. Index: ledger_entries_dest.
create or replace view ledger_profile_postings as
  select entry.id, entry.created_at, posting.profile_id, posting.list, posting.unit, posting.rows_count, posting.amount
  from ledger_entries entry cross join lateral (values
      (dest_profile_id, 'funds', dest_unit, 1, dest_amount, dest_account = 'Funds'),
      (dest_profile_id, 'funds', orig_unit, 0, 0, dest_account = 'Funds'),
      (orig_profile_id, 'funds', orig_unit,
        case when dest_account = 'Funds' and dest_profile_id = orig_profile_id then 0 else 1 end, -orig_amount, orig_account = 'Funds'),
      (orig_profile_id, 'funds', dest_unit, 0, 0, orig_account = 'Funds'),
      (orig_profile_id, 'sales', orig_unit, 1, orig_amount,
        orig_account = 'Receivable' and dest_account not in ('Canceled', 'Backlog') and orig_amount > 0),
      (orig_profile_id, 'sales', dest_unit, 0, 0,
        orig_account = 'Receivable' and dest_account not in ('Canceled', 'Backlog') and orig_amount > 0),
      (dest_profile_id, 'sales', dest_unit, 1, -dest_amount, (orig_account, dest_account) = ('Payable', 'Receivable')
        and exists (select from ledger_events event where event.id = entry.ledger_event_id and event.kind = 'reversal')),
      (dest_profile_id, 'sales', orig_unit, 0, 0, (orig_account, dest_account) = ('Payable', 'Receivable')
        and exists (select from ledger_events event where event.id = entry.ledger_event_id and event.kind = 'reversal')),
      (dest_profile_id, 'history', dest_unit, 1, 0,
        (dest_account in ('Payable', 'Liability') and orig_account <> 'Payable'
          and (orig_account, dest_account) <> ('Liability', 'Payable'))
        or (orig_account, dest_account) = ('Chargeback', 'Refunded')),
      (orig_profile_id, 'history', orig_unit,
        case when dest_account in ('Payable', 'Liability') and dest_profile_id = orig_profile_id then 0 else 1 end, 0,
        (orig_account in ('Liability', 'Refunded') and (orig_account, dest_account) <> ('Liability', 'Payable'))
        or (orig_account, dest_account) = ('Payable', 'Receivable'))
    ) as posting (profile_id, list, unit, rows_count, amount, is_listed)
  where posting.is_listed;
comment on view ledger_profile_postings is
  'List sales: from Receivable to another account than Canceled and Backlog, less reversed imports (Payable to Receivable). List funds: to or from Funds. List history: to Payable or Liability, from Liability or Refunded, from Payable to Receivable, or from Chargeback to Refunded, without the other entries between Payable and Liability. An entry counts once. Lists sales and funds have a row for both units of each entry.';

-- The wins that the totals have passed already. Index: ledger_entries_dest.
insert into ledger_profile_totals as total (profile_id, list, unit, rows_count, sides_count, amount)
  select posting.profile_id, posting.list, posting.unit, sum(posting.rows_count), count(*), sum(posting.amount)
  from ledger_profile_postings posting
  join ledger_entries entry on entry.id = posting.id and entry.dest_profile_id = posting.profile_id
  where posting.list = 'history' and posting.id <= totalled_until('ledger_entries')
    and entry.orig_account = 'Chargeback' and entry.dest_account = 'Refunded'
  group by posting.profile_id, posting.list, posting.unit
  on conflict (profile_id, list, unit) do update
    set rows_count = total.rows_count + excluded.rows_count, sides_count = total.sides_count + excluded.sides_count,
      amount = total.amount + excluded.amount;
